// SPDX-License-Identifier: Apache-2.0
#include "sd/http_client.h"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/child_process.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using testing::Answer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;
using testing::run_until;
using testing::start;

class HttpClient : public ::testing::Test {
 protected:
  sd::HttpResponse get(const std::string& path = "/") {
    return run(context_, client_->perform({.url = server_.url() + path}));
  }

  // The error that `request` ends with.
  sd::HttpError failure(sd::HttpRequest request) {
    try {
      run(context_, client_->perform(std::move(request)));
    } catch (const sd::HttpError& error) {
      return error;
    }
    throw std::logic_error("the request got an answer");
  }

  asio::io_context context_;
  testing::ScriptedHttpServer server_{context_};
  std::unique_ptr<sd::HttpClient> client_ = std::make_unique<sd::HttpClient>(context_.get_executor());
};

template <class T>
void expect_aborted(const testing::Pending<T>& pending) {
  ASSERT_TRUE(pending.error);
  try {
    std::rethrow_exception(pending.error);
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
}

asio::awaitable<std::string> leader(std::string agent) {  // the header's example, but for the address
  sd::HttpClient client(co_await asio::this_coro::executor);
  sd::HttpRequest request{.url = agent + "/v1/status/leader"};
  sd::HttpResponse response = co_await client.perform(std::move(request));
  co_return response.status == 200 ? response.body : "none";
}

TEST_F(HttpClient, HeaderExample) {
  server_.answer(Answer::status(200, "\"10.0.0.5:8300\""));
  EXPECT_EQ(run(context_, leader(server_.url())), "\"10.0.0.5:8300\"");
  server_.answer(Answer::status(500));
  EXPECT_EQ(run(context_, leader(server_.url())), "none");
}

// What goes over the wire.

TEST_F(HttpClient, SendsMethodTargetHeadersAndBody) {
  const std::string body("{\"a\":\0}", 7);
  sd::HttpRequest request{.method = "PUT",
                          .url = server_.url() + "/v1/x?y=z",
                          .headers = {{"Content-Type", "application/json"}, {"X-Consul-Token", "t"}, {"X-Empty", ""}},
                          .body = body};
  EXPECT_EQ(run(context_, client_->perform(std::move(request))).status, 200);
  const testing::ReceivedRequest& received = server_.requests().at(0);
  EXPECT_EQ(received.method, "PUT");
  EXPECT_EQ(received.target, "/v1/x?y=z");
  EXPECT_EQ(received.header("content-type"), "application/json");
  EXPECT_EQ(received.header("x-consul-token"), "t");
  EXPECT_EQ(received.header("x-empty"), "");
  EXPECT_EQ(received.body, body);
}

TEST_F(HttpClient, AnEmptyPutSaysSoAndNothingElse) {
  run(context_, client_->perform({.method = "PUT", .url = server_.url()}));
  const testing::ReceivedRequest& received = server_.requests().at(0);
  EXPECT_EQ(received.header("content-length"), "0");
  EXPECT_EQ(received.header("content-type"), std::nullopt);
  EXPECT_EQ(received.header("accept-encoding"), std::nullopt);
}

// curl would ask for permission to send a large body, and wait a second for the answer.
TEST_F(HttpClient, DoesNotExpectContinue) {
  run(context_, client_->perform({.method = "PUT", .url = server_.url(), .body = std::string(2'000'000, 'x')}));
  EXPECT_EQ(server_.requests().at(0).header("expect"), std::nullopt);
  EXPECT_EQ(server_.requests().at(0).body.size(), 2'000'000u);
}

TEST_F(HttpClient, HeadHasNoBodyToWaitFor) {
  server_.answer({"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Answer::Then::kServe});
  EXPECT_EQ(run(context_, client_->perform({.method = "HEAD", .url = server_.url()})).body, "");
  EXPECT_EQ(server_.requests().at(0).method, "HEAD");
}

TEST_F(HttpClient, LeavesThePathAlone) {
  get("/a/../b//c/./d%2Fe");
  EXPECT_EQ(server_.requests().at(0).target, "/a/../b//c/./d%2Fe");
}

// In the environment while it lives.
struct Variable {
  Variable(const char* variable, const std::string& value) : name(variable) { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name); }
  const char* name;
};

TEST_F(HttpClient, IgnoresTheProxiesOfTheEnvironment) {
  const testing::ReservedPort nothing;
  const Variable http_proxy("http_proxy", "http://127.0.0.1:" + nothing.text());
  const Variable all_proxy("ALL_PROXY", "http://127.0.0.1:" + nothing.text());
  EXPECT_EQ(get().status, 200);
}

// Answers.

TEST_F(HttpClient, EveryStatusIsAnAnswer) {
  for (const int status : {200, 204, 400, 403, 404, 500, 503}) {
    const std::string body = status == 204 ? "" : "the body";
    server_.answer(Answer::status(status, body));
    const sd::HttpResponse response = get();
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, body);
  }
}

TEST_F(HttpClient, DoesNotFollowARedirect) {
  server_.answer(Answer::status(301, "", "Location: /elsewhere\r\n"));
  EXPECT_EQ(get("/here").status, 301);
  EXPECT_EQ(server_.requests().size(), 1u);
}

std::vector<std::string> lines(const sd::HttpResponse& response) {
  std::vector<std::string> lines;
  for (const sd::HttpHeader& header : response.headers) lines.push_back(header.name + "=" + header.value);
  return lines;
}

TEST_F(HttpClient, GivesTheHeadersInOrderAsTheyCame) {
  server_.answer({"",
                  "HTTP/1.1 200 OK\r\nX-Consul-Index: 42\r\ncontent-length:0\r\nX-A:  \t one  two \t \r\nX-Empty:\r\n"
                  "X-B: b\r\nX-A: three\r\nX-Colon: a:b\r\n\r\n",
                  Answer::Then::kServe});
  EXPECT_THAT(lines(get()), ::testing::ElementsAre("X-Consul-Index=42", "content-length=0", "X-A=one  two",
                                                   "X-Empty=", "X-B=b", "X-A=three", "X-Colon=a:b"));
}

TEST_F(HttpClient, FindsTheFirstHeaderOfANameInAnyCase) {
  server_.answer(Answer::status(200, "", "X-Consul-Index: 42\r\nX-CONSUL-INDEX: 43\r\nX-Empty:\r\n"));
  const sd::HttpResponse response = get();
  EXPECT_EQ(response.header("x-consul-index"), "42");
  EXPECT_EQ(response.header("X-Empty"), "");
  EXPECT_EQ(response.header("x-consul"), std::nullopt);
  EXPECT_EQ(response.header(""), std::nullopt);
}

TEST_F(HttpClient, GivesTheHeadersOfTheFinalAnswerOnly) {
  server_.answer({"",
                  "HTTP/1.1 100 Continue\r\nX-First: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Second: 2\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Trailer: t\r\n\r\n",
                  Answer::Then::kServe});
  const sd::HttpResponse response = get();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(lines(response), ::testing::ElementsAre("Transfer-Encoding=chunked"));
}

TEST_F(HttpClient, ATrailerThatLooksLikeAStatusLineIsNone) {
  server_.answer({"", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nHTTP/1.1 103: x\r\n\r\n",
                  Answer::Then::kServe});
  EXPECT_EQ(get().status, 200);
}

TEST_F(HttpClient, BoundsTheAnswer) {
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x');
  server_.answer({"", bytes, Answer::Then::kServe});
  EXPECT_EQ(run(context_, client_->perform({.url = server_.url(), .max_response_bytes = bytes.size()})).body.size(),
            100u);

  server_.answer({"", bytes, Answer::Then::kServe});
  const sd::HttpError error = failure({.url = server_.url(), .max_response_bytes = bytes.size() - 1});
  EXPECT_EQ(error.code(), std::error_code(CURLE_FILESIZE_EXCEEDED, sd::curl_category()));
}

TEST_F(HttpClient, BoundsAnswersThatNeverEnd) {
  for (const Answer& answer : {Answer::endless_body(), Answer::endless_headers()}) {
    server_.answer(answer);
    const sd::HttpError error = failure({.url = server_.url(), .max_response_bytes = 100'000});
    EXPECT_EQ(error.code().value(), CURLE_FILESIZE_EXCEEDED) << error.what();
    EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
  }
}

// Failures.

TEST_F(HttpClient, RefusedConnectionNamesUrlAndReason) {
  const testing::ReservedPort nothing;
  const std::string url = "http://127.0.0.1:" + nothing.text() + "/v1/agent";
  const sd::HttpError error = failure({.url = url});
  EXPECT_EQ(error.code(), std::error_code(CURLE_COULDNT_CONNECT, sd::curl_category()));
  EXPECT_THAT(error.what(), HasSubstr("GET " + url));
  EXPECT_THAT(error.what(), HasSubstr("Connection refused"));
}

TEST_F(HttpClient, MessagesHaveNeitherTokenNorCredentialsNorQuery) {
  const testing::ReservedPort nothing;
  const sd::HttpError error =
      failure({.url = "http://user:secret@127.0.0.1:" + nothing.text() + "/p?token=secret#secret",
               .headers = {{"X-Consul-Token", "secret"}, {"Authorization", "Bearer secret"}}});
  EXPECT_THAT(error.what(), HasSubstr("http://127.0.0.1:" + nothing.text() + "/p:"));
  EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
}

TEST_F(HttpClient, AnswerThatNeverComesTimesOut) {
  server_.answer(Answer::silence());
  const sd::HttpError error = failure({.url = server_.url(), .timeout = std::chrono::milliseconds(50)});
  EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
}

TEST_F(HttpClient, AnswerCutShortIsNoAnswer) {
  server_.answer(Answer::cut_off("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  EXPECT_EQ(failure({.url = server_.url()}).code().value(), CURLE_PARTIAL_FILE);
  server_.answer(Answer::cut_off("HTTP/1.1 200 OK\r\nContent-Le"));
  EXPECT_NE(failure({.url = server_.url()}).code().value(), CURLE_OK);
  server_.answer(Answer::cut_off("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(failure({.url = server_.url()}).code().value(), CURLE_OK);
  server_.answer(Answer::cut_off(""));
  EXPECT_EQ(failure({.url = server_.url()}).code().value(), CURLE_GOT_NOTHING);
}

TEST_F(HttpClient, TakesInterimAnswersAndTrailers) {
  server_.answer({"",
                  "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2\r\nhi\r\n0\r\nX-Trailer: t\r\n\r\n",
                  Answer::Then::kServe});
  EXPECT_EQ(get().body, "hi");
  server_.answer(Answer::cut_off("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_NE(failure({.url = server_.url()}).code().value(), CURLE_OK);
}

TEST_F(HttpClient, AnswerThatIsNotHttpIsNoAnswer) {
  server_.answer(Answer::cut_off("SSH-2.0-OpenSSH_9.2\r\n"));
  EXPECT_NE(failure({.url = server_.url()}).code().value(), CURLE_OK);
}

TEST_F(HttpClient, RefusesWhatWouldBreakTheMessage) {
  const std::string url = server_.url();
  const std::vector<sd::HttpRequest> bad = {
      {.method = "PUT /x HTTP/1.1\r\nX:", .url = url},
      {.method = "", .url = url},
      {.url = url, .headers = {{"X-Consul-Token", "a\r\nX-Injected: b"}}},
      {.url = url, .headers = {{"X-Consul-Token: a\r\nX", "b"}}},
      {.url = url, .headers = {{"Content-Length", "0"}}},
      {.url = url, .headers = {{"transfer-ENCODING", "chunked"}}},
      {.url = url, .timeout = std::chrono::milliseconds(0)},
      {.url = url, .timeout = std::chrono::milliseconds(-1)},
      {.url = url + std::string("/a\0b", 4)},
      {.url = url + "/a b"},
      {.url = "file:///etc/passwd"},
      {.url = "127.0.0.1:8500"},
      {.url = ""},
  };
  for (const sd::HttpRequest& request : bad) {
    EXPECT_THROW(run(context_, client_->perform(request)), std::invalid_argument) << request.url << request.method;
  }
  EXPECT_EQ(server_.connections(), 0u);
}

// An error of building a request does not repeat its secrets either.
TEST_F(HttpClient, RefusalsHaveNoSecretInThem) {
  const std::string url = "http://user:secret@127.0.0.1:1/?token=secret";
  const std::vector<sd::HttpRequest> bad = {
      {.url = url, .headers = {{"Authorization", "secret\r\n"}}},
      {.url = url, .headers = {{"X-Consul-Token", "secret\x7f"}}},
      {.url = "http://user:secret@127.0.0.1:port/"},
      {.url = "gopher://user:secret@127.0.0.1/"},
  };
  for (const sd::HttpRequest& request : bad) {
    try {
      run(context_, client_->perform(request));
      ADD_FAILURE() << request.url;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
    }
  }
}

TEST_F(HttpClient, SendsUserAndPasswordOfTheUrl) {
  std::string url = server_.url();
  url.insert(url.find("127"), "user:pass@");
  run(context_, client_->perform({.url = url}));
  EXPECT_EQ(server_.requests().at(0).header("authorization"), "Basic dXNlcjpwYXNz");
}

TEST(PrintableUrl, KeepsWhereAndDropsTheRest) {
  EXPECT_EQ(sd::printable_url("https://u:p@[::1]:8501/prefix/../x?q=1#f"), "https://[::1]:8501/prefix/../x");
  EXPECT_THROW(sd::printable_url("ftp://example.org/"), std::invalid_argument);
  EXPECT_THROW(sd::printable_url("http://"), std::invalid_argument);
}

// The loop.

TEST_F(HttpClient, ReusesItsConnection) {
  for (int i = 0; i < 5; ++i) get();
  EXPECT_EQ(server_.connections(), 1u);
  EXPECT_EQ(server_.requests().size(), 5u);
}

TEST_F(HttpClient, OpensAnotherConnectionAfterTheServerClosedTheIdleOne) {
  server_.answer(Answer{"", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Answer::Then::kClose});
  EXPECT_EQ(get().status, 200);
  ASSERT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
  EXPECT_EQ(get().status, 200);
  EXPECT_EQ(server_.connections(), 2u);
}

TEST_F(HttpClient, AnIdleClientKeepsNothingRunning) {
  asio::io_context context;
  sd::HttpClient client(context.get_executor());
  {
    testing::ScriptedHttpServer server(context);
    EXPECT_EQ(run(context, client.perform({.url = server.url()})).status, 200);
  }
  context.restart();
  context.run();  // returns
  EXPECT_TRUE(context.stopped());
}

TEST_F(HttpClient, PerformsManyAtOnce) {
  std::vector<std::shared_ptr<testing::Pending<sd::HttpResponse>>> pending;
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    expected.push_back(std::to_string(i));
    server_.answer(Answer::status(200, expected.back()));
    pending.push_back(start(context_, client_->perform({.url = server_.url()})));
  }
  std::vector<std::string> bodies;
  for (const auto& one : pending) bodies.push_back(testing::finish(context_, *one).body);
  EXPECT_THAT(bodies, ::testing::UnorderedElementsAreArray(expected));
  EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() <= 4; }));
}

// A deregistration does not queue behind long polls.
TEST_F(HttpClient, WaitingRequestsDoNotHoldUpOthers) {
  std::vector<std::shared_ptr<testing::Pending<sd::HttpResponse>>> waiting;
  for (int i = 0; i < 10; ++i) {
    server_.answer(Answer::silence());
    waiting.push_back(start(context_, client_->perform({.url = server_.url(), .timeout = std::chrono::hours(1)})));
  }
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 10; }));
  EXPECT_EQ(get().status, 200);
  for (const auto& one : waiting) EXPECT_FALSE(one->done());
}

// Others' handlers run, as often as they like, while a request waits for its answer.
TEST_F(HttpClient, DoesNotBlockTheLoop) {
  server_.answer(Answer::silence());
  const auto pending = start(context_, client_->perform({.url = server_.url(), .timeout = std::chrono::hours(1)}));
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 1; }));
  int ran = 0;
  for (int i = 0; i < 1000; ++i) {
    asio::post(context_, [&] { ++ran; });
    ASSERT_TRUE(run_until(context_, [&] { return ran == i + 1; }));
  }
  EXPECT_FALSE(pending->done());
}

// Cancellation.

TEST_F(HttpClient, CancelledBeforeItIsSentSendsNothing) {
  const auto pending = start(context_, client_->perform({.url = server_.url()}));
  context_.poll_one();  // into the coroutine: the request waits for its turn
  pending->cancel(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context_, [&] { return pending->done(); }));
  expect_aborted(*pending);
  EXPECT_EQ(get("/next").status, 200);
  EXPECT_EQ(server_.requests().at(0).target, "/next");
}

TEST_F(HttpClient, CancelledWhileWaitingEndsAtOnceAndClosesTheConnection) {
  server_.answer(Answer::silence());
  const auto pending = start(context_, client_->perform({.url = server_.url(), .timeout = std::chrono::hours(1)}));
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 1; }));
  EXPECT_FALSE(pending->done());
  pending->cancel(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context_, [&] { return pending->done(); }));
  expect_aborted(*pending);
  EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
  EXPECT_EQ(pending->completions, 1);
  EXPECT_EQ(get().status, 200);  // the client is as good as before
}

asio::awaitable<sd::HttpResponse> with_total_cancellation(sd::HttpClient& client, std::string url) {
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  sd::HttpRequest request{.url = std::move(url), .timeout = std::chrono::hours(1)};
  co_return co_await client.perform(std::move(request));
}

TEST_F(HttpClient, TakesTotalCancellationFromACoroutineThatHasEnabledIt) {
  server_.answer(Answer::silence());
  const auto pending = start(context_, with_total_cancellation(*client_, server_.url()));
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 1; }));
  pending->cancel(asio::cancellation_type::total);
  ASSERT_TRUE(run_until(context_, [&] { return pending->done(); }));
  expect_aborted(*pending);
}

TEST_F(HttpClient, CancellingAfterTheEndDoesNothing) {
  const auto pending = start(context_, client_->perform({.url = server_.url()}));
  EXPECT_EQ(testing::finish(context_, *pending).status, 200);
  pending->cancel(asio::cancellation_type::terminal);
  context_.poll();
  EXPECT_EQ(pending->completions, 1);
}

TEST_F(HttpClient, DestroyedWithRequestsUnderWayAbortsThem) {
  server_.answer(Answer::silence());
  server_.answer(Answer::endless_body());
  const auto waiting = start(context_, client_->perform({.url = server_.url(), .timeout = std::chrono::hours(1)}));
  const auto reading = start(context_, client_->perform({.url = server_.url(), .max_response_bytes = 1u << 30}));
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 2; }));
  const auto fresh = start(context_, client_->perform({.url = server_.url()}));
  auto unstarted = client_->perform({.url = server_.url()});
  client_.reset();
  EXPECT_FALSE(waiting->done());  // not inside the destructor
  const auto late = start(context_, std::move(unstarted));
  for (const auto& pending : {waiting, reading, fresh, late}) {
    ASSERT_TRUE(run_until(context_, [&] { return pending->done(); }));
    expect_aborted(*pending);
  }
  EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
  EXPECT_EQ(server_.requests().size(), 2u);
}

// The loop ends with everything in it: no leak, no use after free (the sanitizers judge).
TEST(HttpClientLifetime, DestroyedAlongWithTheContext) {
  auto context = std::make_unique<asio::io_context>();
  auto server = std::make_unique<testing::ScriptedHttpServer>(*context);
  server->answer(Answer::silence());
  asio::co_spawn(*context, leader(server->url()), [](std::exception_ptr, std::string) { FAIL() << "completed"; });
  ASSERT_TRUE(run_until(*context, [&] { return server->requests().size() == 1; }));
  server.reset();
  context.reset();
}

}  // namespace
}  // namespace prometheus_async
