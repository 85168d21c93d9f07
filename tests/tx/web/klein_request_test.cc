// SPDX-License-Identifier: Apache-2.0

#include "tx/web/klein_request.h"

#include <stdexcept>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "tests/tx/web/visit.h"
#include "tx/failure.h"
#include "tx/web/klein.h"
#include "tx/web/request.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::testing::Visit;
using ::testing::HasSubstr;

TEST(KleinRequest, ReadsAsInTheHeader) {
  metrics::Registry registry;
  auto& inbound_requests = registry.counter("inbound_requests_total", "requests", {"endpoint", "method"});
  Klein app;
  app.route("/users/<int:id>", {.endpoint = "user"}, [&](KleinRequest& request, int id) {
    inbound_requests.labels(request.pattern(), request.request().method()).Increment();
    return "the next one: " + request.url_for("user", {{"id", id + 1}});
  });
  EXPECT_EQ(Visit(app.resource(), "GET", "/users/7").answer(), "200 the next one: /users/8");
  EXPECT_EQ(registry.get_sample_value("inbound_requests_total", {{"endpoint", "/users/<int:id>"}, {"method", "GET"}}),
            1);
}

TEST(KleinRequest, KnowsItsRoute) {
  Klein app;
  app.route("/a/<b>", {.endpoint = "c"}, [](KleinRequest& request, std::string) {
    return std::string(request.pattern()) + " " + std::string(request.endpoint());
  });
  app.handle_errors([](const KleinRequest& request, const Failure&) {
    return "none: " + std::string(request.pattern()) + std::string(request.endpoint());
  });
  EXPECT_EQ(Visit(app.resource(), "GET", "/a/x").answer(), "200 /a/<b> c");
  EXPECT_EQ(Visit(app.resource(), "GET", "/x").answer(), "200 none: ");
}

TEST(KleinRequest, HasTheRestOfABranch) {
  Klein app;
  app.route("/users", {.branch = true}, [](KleinRequest& request) {
    std::string said;
    for (const std::string& segment : request.branch_segments()) said.append("<").append(segment).append(">");
    return said;
  });
  EXPECT_EQ(Visit(app.resource(), "GET", "/users").answer(), "200 <>");
  EXPECT_EQ(Visit(app.resource(), "GET", "/users/a/b").answer(), "200 <a><b>");
}

TEST(KleinRequest, BuildsUrlsBelowThePathOfItsApplication) {
  Klein app;
  app.route("/<name>", {.endpoint = "named"}, [](KleinRequest& request, std::string name) {
    return request.url_for("named", {{"name", name}}) + " " +
           request.url_for("named", {{"name", name}}, {.force_external = true});
  });
  Resource root;
  root.put_child("my app", app.resource());
  EXPECT_EQ(Visit(std::move(root), "GET", "/my%20app/x%2Fy").answer(),
            "200 /my%20app/x%2Fy http://example.com/my%20app/x%2Fy");
}

TEST(KleinRequest, NeedsAHostForAnExternalUrl) {
  Klein app;
  app.route("/", [](KleinRequest& request) {
    try {
      return request.url_for("/", {}, {.force_external = true});
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  });
  EXPECT_EQ(Visit(app.resource(), "GET", "/", "").answer(), "200 an external URL of \"/\": the request has no Host");
}

}  // namespace
}  // namespace prometheus_async::tx::web
