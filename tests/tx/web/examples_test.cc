// SPDX-License-Identifier: Apache-2.0
//
// The examples of tx/web's headers and of the README that no other test here compiles. Those that serve until they are
// stopped are not called.

#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "tests/tx/web/visit.h"
#include "tx/defer_later.h"
#include "tx/deferred.h"
#include "tx/reactor.h"
#include "tx/time.h"
#include "tx/web/access_log.h"
#include "tx/web/file.h"
#include "tx/web/html_escape.h"
#include "tx/web/metrics_resource.h"
#include "tx/web/pages.h"
#include "tx/web/redirect.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

namespace prometheus_async {
namespace {

using namespace std::chrono_literals;
using testing::Visit;

tx::Reactor& the_reactor() {
  static tx::Reactor reactor;
  return reactor;
}
tx::Reactor& reactor = the_reactor();
auto& req_time = metrics::histogram("examples_test_req_time_seconds", "time spent in requests");

class DelayedResource : public tx::web::Resource {
 public:
  tx::web::Body render_get(tx::web::Request& request) override {
    tx::time(req_time, tx::defer_later(reactor, 5s).add_callback([&request] {
      request.write("<html><body>Sorry to keep you waiting.</body></html>");
      request.finish();
    }));
    return tx::web::NOT_DONE_YET;
  }
};

[[maybe_unused]] void serve() {
  tx::web::Resource root;
  root.put_child("metrics", tx::web::MetricsResource());
  root.put_child("delayed", DelayedResource());
  reactor.listen_tcp(8000, tx::web::Site(std::move(root)));
  reactor.run();
}

class Hello : public tx::web::Resource {
 public:
  tx::web::Body render_get(tx::web::Request&) override { return "<html>hello</html>"; }
};

bool is_known(std::string_view name) { return name == "ann"; }

class Users : public tx::web::Resource {
 public:
  tx::web::ResourcePtr get_child(std::string_view name, tx::web::Request&) override {
    if (!is_known(name)) return tx::web::not_found();
    return Hello();
  }
};

tx::web::Resource make_root() {
  tx::web::Resource root;
  root.put_child("", Hello());
  root.put_child("users", Users());
  root.put_child("old", tx::web::Redirect("/new?a&b"));
  root.put_child("static", tx::web::File("/srv/www/static"));
  return root;
}

TEST(Examples, Resources) {
  EXPECT_EQ(Visit(make_root(), "GET", "/").answer(), "200 <html>hello</html>");
  EXPECT_EQ(Visit(make_root(), "GET", "/users/ann").answer(), "200 <html>hello</html>");
  EXPECT_EQ(Visit(make_root(), "GET", "/users/bob").answer().substr(0, 3), "404");
  EXPECT_EQ(Visit(make_root(), "GET", "/static/none").answer().substr(0, 3), "404");
}

TEST(Examples, Redirect) {
  Visit visit(make_root(), "POST", "/old/any/path");
  EXPECT_EQ(visit.answer(), "302 <html><head></head><body><a href=\"/new?a&amp;b\">click here</a></body></html>");
  EXPECT_EQ(visit.header("Location"), "/new?a&b");
}

TEST(Examples, EscapeHtml) {
  EXPECT_EQ(tx::web::escape_html("<b> & \"c\""), "&lt;b&gt; &amp; &quot;c&quot;");
  EXPECT_EQ(tx::web::escape_html("it's"), "it&#x27;s");
}

TEST(Examples, AccessLogFormat) {
  Visit visit(make_root(), "GET", "/", "Host: a\r\nUser-Agent: curl/8.0\r\n");
  tx::web::AccessLogFormat format;
  EXPECT_EQ(format.line(visit.request(), 200, 5, std::chrono::system_clock::from_time_t(1795323967)),
            "192.0.2.1 - - [22/Nov/2026:05:06:07 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8.0\"");
}

}  // namespace
}  // namespace prometheus_async
