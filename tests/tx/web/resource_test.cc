// SPDX-License-Identifier: Apache-2.0

#include "tx/web/resource.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tx/web/visit.h"
#include "tx/web/pages.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::testing::Visit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Hello : public Resource {
 public:
  Body render_get(Request&) override { return "hello"; }
};

class GetAndPost : public Hello {
 public:
  Body render_post(Request& request) override { return "posted to " + std::string(request.path()); }
};

// Shows the path that led to it, and what is left of it.
class Paths : public Resource {
 public:
  explicit Paths(bool is_leaf = true) : is_leaf_(is_leaf) {}
  bool is_leaf() const override { return is_leaf_; }
  Body render_get(Request& request) override { return join(request.prepath()) + " | " + join(request.postpath()); }

 private:
  static std::string join(const std::vector<std::string>& segments) {
    std::string out;
    for (const std::string& segment : segments) out += "<" + segment + ">";
    return out;
  }

  bool is_leaf_;
};

class User : public Resource {
 public:
  explicit User(std::string_view name) : name_(name) {}
  Body render_get(Request&) override { return "user " + name_; }

 private:
  std::string name_;
};

class Users : public Resource {
 public:
  ResourcePtr get_child(std::string_view name, Request&) override {
    if (name == "nobody") return not_found();
    if (name == "throws") throw std::runtime_error("no such luck");
    return User(name);
  }
};

ResourcePtr make_tree() {
  Resource root;
  root.put_child("", Hello());
  root.put_child("hello", std::make_unique<Hello>());
  root.put_child("shared", std::make_shared<GetAndPost>());
  root.put_child("paths", Paths());
  root.put_child("users", Users());
  Resource a;
  a.put_child("b", Paths(false));
  root.put_child("a", std::move(a));
  return root;
}

std::string visit(std::string_view target, std::string_view method = "GET") {
  return Visit(make_tree(), method, target).answer();
}

TEST(Resource, FindsChildrenByName) {
  EXPECT_EQ(visit("/"), "200 hello");
  EXPECT_EQ(visit("/hello"), "200 hello");
  EXPECT_EQ(visit("/shared"), "200 hello");
  EXPECT_EQ(visit("/a/b"), "200 <a><b> | ");
}

TEST(Resource, MakesChildrenUp) {
  EXPECT_EQ(visit("/users/ann"), "200 user ann");
  EXPECT_EQ(visit("/users/J%C3%BCrgen%2FM"), "200 user Jürgen/M");
  EXPECT_THAT(visit("/users/nobody"), StartsWith("404 "));
}

TEST(Resource, LeavesTheRestOfThePathToALeaf) {
  EXPECT_EQ(visit("/paths"), "200 <paths> | ");
  EXPECT_EQ(visit("/paths/"), "200 <paths> | <>");
  EXPECT_EQ(visit("/paths/x//y%20z?q"), "200 <paths> | <x><><y z>");
  EXPECT_EQ(Visit(Paths(), "GET", "/").answer(), "200  | <>");
}

TEST(Resource, HasA404PageForAChildThatItHasNot) {
  for (const char* target : {"/none", "/hello/none", "/hello/", "/a/b/c"}) {
    EXPECT_THAT(visit(target), StartsWith("404 <html>")) << target;
  }
  Resource empty;
  EXPECT_THAT(Visit(std::move(empty), "GET", "/").answer(), StartsWith("404 "));
}

TEST(Resource, ReplacesAChildOfTheSameName) {
  Resource root;
  root.put_child("x", Paths());
  root.put_child("x", Hello());
  EXPECT_EQ(Visit(std::move(root), "GET", "/x").answer(), "200 hello");
}

TEST(Resource, AnswersHeadByGet) { EXPECT_EQ(visit("/hello", "HEAD"), "200 hello"); }

// The connection leaves the body of an answer to HEAD out, which Visit has none to do.
TEST(Resource, SaysWhatItHasInsteadOfAMethod) {
  Visit post(make_tree(), "POST", "/hello");
  EXPECT_THAT(post.answer(), StartsWith("405 <html>"));
  EXPECT_EQ(post.header("Allow"), "GET,HEAD");
  Visit get(make_tree(), "GET", "/users");
  EXPECT_THAT(get.answer(), StartsWith("405 "));
  EXPECT_EQ(get.header("Allow"), "");
  EXPECT_THAT(visit("/users", "HEAD"), StartsWith("405 "));
  EXPECT_EQ(visit("/shared", "POST"), "200 posted to /shared");
  EXPECT_THAT(visit("/hello", "PUT"), StartsWith("501 <html>"));
  EXPECT_THAT(visit("/hello", "BREW"), StartsWith("501 "));
}

class Hidden : public Resource {
 private:
  Body render_delete(Request&) override { return "gone"; }
};

TEST(Resource, KnowsTheMethodsOfTheTypesItIsMadeOf) {
  EXPECT_EQ(ResourcePtr(Resource())->allowed_methods(), "");
  EXPECT_EQ(ResourcePtr(GetAndPost())->allowed_methods(), "GET,HEAD,POST");
  EXPECT_EQ(ResourcePtr(std::make_unique<Hidden>())->allowed_methods(), "DELETE");
  const ResourcePtr hello = Hello();
  const std::shared_ptr<Resource> as_base = hello.get();
  EXPECT_EQ(ResourcePtr(as_base)->allowed_methods(), "GET,HEAD");
}

TEST(Resource, IsNoNullPointer) {
  EXPECT_THROW(ResourcePtr(std::shared_ptr<Hello>()), std::invalid_argument);
  EXPECT_THROW(ResourcePtr(std::unique_ptr<Resource>()), std::invalid_argument);
}

class Throws : public Resource {
 public:
  Body render_get(Request&) override { throw std::runtime_error("the secret\nof the resource"); }
  Body render_post(Request&) override { throw 5; }
};

TEST(Resource, MakesA500AndALineOfAnException) {
  Resource root;
  root.put_child("x", Throws());
  const ResourcePtr tree = std::move(root);
  Visit get(tree, "GET", "/x?secret");
  EXPECT_THAT(get.answer(), StartsWith("500 <html><head><title>Processing Failed</title>"));
  EXPECT_EQ(get.answer().find("secret"), std::string::npos);
  EXPECT_THAT(get.log(), ElementsAre("GET /x: the secret\\x0aof the resource"));
  Visit post(tree, "POST", "/x");
  EXPECT_THAT(post.answer(), StartsWith("500 "));
  EXPECT_EQ(post.log().size(), 1u);
  Visit child(make_tree(), "GET", "/users/throws");
  EXPECT_THAT(child.answer(), StartsWith("500 "));
  EXPECT_THAT(child.log(), ElementsAre("GET /users/throws: no such luck"));
}

class Kept : public Resource {
 public:
  explicit Kept(std::shared_ptr<int> token) : token_(std::move(token)) {}
  Body render_get(Request& request) override {
    request_ = &request;
    return NOT_DONE_YET;
  }
  static inline Request* request_ = nullptr;

 private:
  std::shared_ptr<int> token_;
};

class MakesKept : public Resource {
 public:
  explicit MakesKept(std::shared_ptr<int> token) : token_(std::move(token)) {}
  ResourcePtr get_child(std::string_view, Request&) override { return Kept(token_); }

 private:
  std::shared_ptr<int> token_;
};

TEST(Resource, LivesAsLongAsItsRequest) {
  const auto token = std::make_shared<int>(5);
  {
    Visit visit(MakesKept(token), "GET", "/x");
    EXPECT_EQ(token.use_count(), 3);  // here, in the tree, and in the child that was made up
    Kept::request_->finish();
    EXPECT_EQ(visit.answer(), "200 ");
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Resource, IsFoundFromAnyPlaceOfTheTree) {
  Visit visit(Paths(), "GET", "/a/b");
  Request& request = visit.request();
  request.prepath() = {"app"};
  request.postpath() = {"users", "ann"};
  Body body = render_request(make_tree(), request);
  EXPECT_EQ(body.bytes(), "user ann");
  EXPECT_THAT(request.prepath(), ElementsAre("app", "users", "ann"));
  EXPECT_THAT(request.postpath(), IsEmpty());
}

TEST(Pages, EscapeWhatTheySay) {
  Visit visit(error_page(418, "<teapot>", "\"short\" & stout"), "POST", "/any/path");
  EXPECT_EQ(visit.answer(),
            "418 <html><head><title>418 - &lt;teapot&gt;</title></head><body><h1>&lt;teapot&gt;</h1>"
            "<p>&quot;short&quot; &amp; stout</p></body></html>");
  EXPECT_EQ(visit.header("Content-Type"), "text/html; charset=utf-8");
}

TEST(Pages, HaveTheWordsOfTwisted) {
  EXPECT_THAT(Visit(not_found(), "GET", "/").answer(), HasSubstr("<h1>No Such Resource</h1>"));
  EXPECT_THAT(Visit(forbidden(), "GET", "/").answer(), StartsWith("403 <html>"));
}

}  // namespace
}  // namespace prometheus_async::tx::web
