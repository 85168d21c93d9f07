// SPDX-License-Identifier: Apache-2.0
#include "aio/web/http_sd.h"

#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "aio/web/testing/in_memory_client.h"
#include "sd/target_directory.h"
#include "tests/testing/run.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using web::TargetGroups;
using web::testing::ClientResponse;
using web::testing::InMemoryClient;

InMemoryClient client_of(web::Handler handler) {
  web::Application app;
  app.router().add_get("/targets", std::move(handler));
  return InMemoryClient(std::move(app));
}

ClientResponse ask(web::Handler handler) { return client_of(std::move(handler)).get("/targets"); }

template <class Error>
ClientResponse ask_one_that_throws(const Error& error) {
  return ask(web::http_sd([error]() -> asio::awaitable<TargetGroups> {
    throw error;
    co_return TargetGroups();
  }));
}

TEST(HttpSd, ServesADirectoryAsItIsNow) {
  const sd::TargetDirectory directory({.labels = {{"team", "pay"}}});
  InMemoryClient client = client_of(web::http_sd(directory));
  const ClientResponse empty = client.get("/targets");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(empty.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(empty.body, "[]");

  asio::io_context context;
  const sd::Deregister deregister =
      prometheus_async::testing::run(context, directory.enroll({.address = "::1", .port = 9100}));
  EXPECT_EQ(
      client.get("/targets").body,
      R"([{"targets":["[::1]:9100"],"labels":{"__metrics_path__":"/metrics","__scheme__":"http","team":"pay"}}])");
  prometheus_async::testing::run(context, deregister());
  EXPECT_EQ(client.get("/targets").body, "[]");
}

TEST(HttpSd, TakesFunctionsThatAnswerAtOnceOrAreAwaited) {
  const TargetGroups groups{{.targets = {"a:1"}}};
  EXPECT_EQ(ask(web::http_sd([groups] { return groups; })).body, R"([{"targets":["a:1"]}])");
  EXPECT_EQ(ask(web::http_sd([groups]() -> asio::awaitable<TargetGroups> { co_return groups; })).body,
            R"([{"targets":["a:1"]}])");
}

// A source with an awaited list, as a Consul catalog.
struct Awaited {
  asio::awaitable<TargetGroups> groups() const { co_return TargetGroups{{.targets = {host + ":1"}}}; }
  std::string host = "b";
};

TEST(HttpSd, TakesSourcesThatAreAwaited) { EXPECT_EQ(ask(web::http_sd(Awaited())).body, R"([{"targets":["b:1"]}])"); }

// Prometheus keeps what it has for every status but 200.
TEST(HttpSd, AFailureIs503WithItsFirstLine) {
  const ClientResponse response = ask_one_that_throws(std::runtime_error("no leader \x1b[31m\xc3\xa9\nat line 2"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "503: no leader ?[31m??");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_NE(response.headers.get("Content-Type"), "application/json");
}

TEST(HttpSd, AReasonHasAtMost300Bytes) {
  const std::string head = "503: ";
  for (const std::size_t size : {299, 300}) {
    EXPECT_EQ(ask_one_that_throws(std::runtime_error(std::string(size, 'x'))).body, head + std::string(size, 'x'));
  }
  EXPECT_EQ(ask_one_that_throws(std::runtime_error(std::string(301, 'x'))).body, head + std::string(300, 'x'));
}

TEST(HttpSd, OtherExceptionsOfASourceAre503Too) {
  EXPECT_EQ(ask_one_that_throws(std::bad_alloc()).status, 503);
  EXPECT_EQ(ask_one_that_throws(boost::system::system_error(asio::error::connection_refused)).status, 503);
}

TEST(HttpSd, AnAnswerOfTheSourcesOwnStands) { EXPECT_EQ(ask_one_that_throws(web::forbidden()).status, 403); }

// Who was waiting has gone: there is nobody to answer.
TEST(HttpSd, ACancellationPasses) {
  EXPECT_THROW(ask_one_that_throws(boost::system::system_error(asio::error::operation_aborted)),
               boost::system::system_error);
}

static_assert(web::TargetSource<sd::TargetDirectory> && web::TargetSource<Awaited>);
static_assert(!web::TargetSource<int> && !web::TargetFunction<sd::TargetDirectory>);

}  // namespace
}  // namespace prometheus_async::aio
