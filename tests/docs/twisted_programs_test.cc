// SPDX-License-Identifier: Apache-2.0
//
// The programs in Twisted's style that users should be able to write, as they would write them, and as the README shows
// them. Most of the proof is that this compiles.
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "metrics/registry.h"
#include "tests/testing/http_get.h"
#include "tests/testing/run.h"
#include "tx/as_awaitable.h"
#include "tx/defer_later.h"
#include "tx/deferred.h"
#include "tx/reactor.h"
#include "tx/time.h"
#include "tx/web/klein.h"
#include "tx/web/metrics_resource.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Runs the reactor and, on another thread, `visit`; then stops it.
template <class F>
void visit(tx::Reactor& reactor, F visit) {
  std::thread visitor;
  reactor.call_when_running([&] {
    visitor = std::thread([&] {
      visit();
      reactor.call_from_thread([&] { reactor.stop(); });
    });
  });
  reactor.run({.install_signal_handlers = false});
  visitor.join();
}

tx::Reactor& the_reactor() {
  static tx::Reactor reactor;
  return reactor;
}
auto& req_time = metrics::histogram("programs_req_time_seconds", "time spent in requests");

class DelayedResource : public tx::web::Resource {
 public:
  tx::web::Body render_get(tx::web::Request& request) override {
    tx::Reactor& reactor = the_reactor();
    tx::time(req_time, tx::defer_later(reactor, 5ms).add_callback([&request] {
      request.write("<html><body>Sorry to keep you waiting.</body></html>");
      request.finish();
    }));
    return tx::web::NOT_DONE_YET;
  }
};

TEST(TwistedPrograms, ADelayedResourceAndTheMetrics) {
  tx::Reactor& reactor = the_reactor();
  tx::web::Resource root;
  root.put_child("delayed", DelayedResource());
  root.put_child("metrics", tx::web::MetricsResource());
  const auto port = reactor.listen_tcp(0, tx::web::Site(std::move(root)), {.interface = "127.0.0.1"});
  const std::string url = "http://" + port.get_host().to_string();
  visit(reactor, [&] {
    EXPECT_THAT(testing::http_get(url + "/delayed").body, HasSubstr("Sorry to keep you waiting."));
    EXPECT_THAT(testing::http_get(url + "/metrics").body, HasSubstr("\nprograms_req_time_seconds_count 1\n"));
  });
}

struct User {
  std::string name;
};
tx::Deferred<User> find_user(int id) { return tx::succeed(User{"user " + std::to_string(id)}); }

TEST(TwistedPrograms, Klein) {
  auto& inbound_requests =
      metrics::counter("programs_inbound_requests_total", "inbound http requests", {"endpoint", "method"});

  tx::web::Klein app;
  app.route("/metrics", [&](tx::web::Request&) {
    inbound_requests.labels("/metrics", "GET").Increment();
    return tx::web::MetricsResource();
  });
  app.route("/users/<int:id>",
            [](tx::web::Request&, int id) -> tx::Deferred<std::string> { co_return (co_await find_user(id)).name; });

  tx::Reactor reactor;
  const auto port = reactor.listen_tcp(0, tx::web::Site(app.resource()), {.interface = "127.0.0.1"});
  const std::string url = "http://" + port.get_host().to_string();
  visit(reactor, [&] {
    EXPECT_EQ(testing::http_get(url + "/users/7").body, "user 7");
    EXPECT_EQ(testing::http_get(url + "/users/seven").status, 404);
    EXPECT_THAT(testing::http_get(url + "/metrics").body,
                HasSubstr("programs_inbound_requests_total{endpoint=\"/metrics\",method=\"GET\"} 1\n"));
  });
}

struct Page {
  std::string text;
};
struct Document {
  std::string text;
  static Document empty() { return {"(empty)"}; }
};
struct Timeout : std::runtime_error {
  using std::runtime_error::runtime_error;
};
tx::Deferred<Page> fetch(const std::string& url) {
  if (url.empty()) return tx::fail<Page>(Timeout("no answer"));
  return tx::succeed(Page{url});
}
Document parse(Page page) { return {"[" + page.text + "]"}; }
std::string render(Document document) { return "<p>" + document.text + "</p>"; }

asio::awaitable<std::string> in_a_coroutine(std::string url) {
  static auto& seconds = metrics::histogram("programs_fetch_seconds", "time of a fetch");
  tx::Deferred<Page> d = fetch(url);
  auto text = tx::time(seconds, std::move(d))
                  .add_callback(parse)
                  .add_errback<Timeout>([](const Timeout&) { return Document::empty(); })
                  .add_callback(render);
  std::string s = co_await tx::as_awaitable(std::move(text));
  co_return s;
}

TEST(TwistedPrograms, CallbacksAndCoroutinesInOneChain) {
  asio::io_context context;
  EXPECT_EQ(testing::run(context, in_a_coroutine("page")), "<p>[page]</p>");
  EXPECT_EQ(testing::run(context, in_a_coroutine("")), "<p>(empty)</p>");
  EXPECT_EQ(metrics::default_registry().get_sample_value("programs_fetch_seconds_count"), 2);
}

}  // namespace
}  // namespace prometheus_async
