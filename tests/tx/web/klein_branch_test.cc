// SPDX-License-Identifier: Apache-2.0
//
// Routes that have others, resources or applications below them.
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tx/web/visit.h"
#include "tx/web/body.h"
#include "tx/web/klein.h"
#include "tx/web/klein_request.h"
#include "tx/web/request.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::testing::Visit;
using ::testing::StartsWith;

std::string get(const Klein& app, std::string_view target) { return Visit(app.resource(), "GET", target).answer(); }

template <class F>
std::string error(F function) {
  try {
    function();
  } catch (const std::invalid_argument& reason) {
    return reason.what();
  }
  return "none";
}

// Says what is left of the path for it.
class Where : public Resource {
 public:
  explicit Where(std::string name = "where") : name_(std::move(name)) {}
  bool is_leaf() const override { return true; }
  Body render_get(Request& request) override {
    std::string said = name_ + ": ";
    for (const std::string& segment : request.prepath()) said.append("/").append(segment);
    said += " and";
    for (const std::string& segment : request.postpath()) said.append(" ").append(segment);
    return said;
  }

 private:
  std::string name_;
};

TEST(KleinBranch, GivesTheRestToItsResource) {
  Klein app;
  app.route("/static", {.branch = true}, [](Request&) { return Where(); });
  app.route("/static/special", [](Request&) { return "special"; });
  EXPECT_EQ(get(app, "/static"), "200 where: /static and");
  EXPECT_EQ(get(app, "/static/"), "200 where: /static and");
  EXPECT_EQ(get(app, "/static/a/b%2Fc/"), "200 where: /static and a b/c ");
  EXPECT_EQ(get(app, "/static/special"), "200 special");
}

TEST(KleinBranch, MayEndInASlash) {
  Klein app;
  app.route("/foo/", {.branch = true}, [](Request&) { return Where(); });
  EXPECT_EQ(get(app, "/foo/"), "200 where: /foo and");
  EXPECT_EQ(get(app, "/foo/bar"), "200 where: /foo and bar");
  EXPECT_EQ(Visit(app.resource(), "GET", "/foo").header("Location"), "/foo/");
}

TEST(KleinBranch, AtTheRootTakesWhatNoOtherRouteDoes) {
  Klein app;
  app.route("/", {.branch = true}, [](Request&) { return Where(); });
  app.route("/own", [](Request&) { return "own"; });
  EXPECT_EQ(get(app, "/"), "200 where:  and");
  EXPECT_EQ(get(app, "/a/b"), "200 where:  and a b");
  EXPECT_EQ(get(app, "/own"), "200 own");
}

TEST(KleinBranch, HasValuesOfItsOwn) {
  Klein app;
  app.route("/<int:id>/files", {.branch = true}, [](Request&, int id) { return Where(std::to_string(id)); });
  EXPECT_EQ(get(app, "/7/files/a/b"), "200 7: /7/files and a b");
}

TEST(KleinBranch, AResourceWithChildrenNeedsABranch) {
  Klein app;
  const auto tree = [](Request&) {
    Resource resource;
    resource.put_child("child", Where("child"));
    return resource;
  };
  app.route("/leaf", tree);
  app.route("/branch", {.branch = true}, tree);
  EXPECT_EQ(get(app, "/branch/child/x"), "200 child: /branch/child and x");
  EXPECT_THAT(get(app, "/branch/other"), StartsWith("404 "));
  EXPECT_THAT(get(app, "/leaf/child"), StartsWith("404 "));
}

TEST(KleinBranch, OneApplicationMayBeABranchOfAnother) {
  Klein users;
  users.route("/", [](Request&) { return "all users"; });
  users.route("/<name>/", [](KleinRequest& request, std::string name) {
    return name + " at " + request.url_for("/<name>/", {{"name", name}});
  });
  Klein app;
  app.subroute("/api",
               [&](Klein& api) { api.route("/users", {.branch = true}, [&](Request&) { return users.resource(); }); });
  EXPECT_EQ(get(app, "/api/users"), "200 all users");
  EXPECT_EQ(get(app, "/api/users/"), "200 all users");
  EXPECT_EQ(get(app, "/api/users/ann/"), "200 ann at /api/users/ann/");
  EXPECT_EQ(Visit(app.resource(), "GET", "/api/users/ann").header("Location"), "/api/users/ann/");
}

TEST(KleinSubroute, PutsItsPrefixInFront) {
  Klein app;
  app.subroute("/users/", [](Klein& users) {
    users.route("/", [](Request&) { return "all"; });
    users.subroute("/<int:id>", [&] {
      users.route("/posts/<int:post>",
                  [](Request&, int id, int post) { return std::to_string(id) + ":" + std::to_string(post); });
    });
    users.route("/me", [](Request&) { return "me"; });
  });
  app.route("/after", [](Request&) { return "after"; });
  EXPECT_EQ(get(app, "/users/"), "200 all");
  EXPECT_EQ(get(app, "/users/7/posts/8"), "200 7:8");
  EXPECT_EQ(get(app, "/users/me"), "200 me");
  EXPECT_EQ(get(app, "/after"), "200 after");
}

TEST(KleinSubroute, ThatThrowsLeavesNoPrefix) {
  Klein app;
  EXPECT_THROW(app.subroute("/a", [](Klein&) { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(error([&] { app.subroute("/a", [&] { app.route("b", [](Request&) {}); }); }),
            "route \"b\": does not begin with /");
  app.route("/b", [](Request&) { return "b"; });
  EXPECT_EQ(get(app, "/b"), "200 b");
}

TEST(KleinSubroute, BeginsWithASlash) {
  Klein app;
  EXPECT_EQ(error([&] { app.subroute("a", [&] { app.route("/b", [](Request&) {}); }); }),
            "route \"a/b\": does not begin with /");
}

}  // namespace
}  // namespace prometheus_async::tx::web
