// SPDX-License-Identifier: Apache-2.0
//
// HttpClient and servers that go wrong, in each way that a server can: what the caller gets, and that the client is as
// good as before.
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sd/http_client.h"
#include "tests/testing/certificates.h"
#include "tests/testing/relay.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::Answer;
using ::testing::HasSubstr;
using testing::run;
using testing::run_until;
using testing::start;
using Pending = testing::Pending<sd::HttpResponse>;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// Listens, and never accepts: connecting to it is neither taken nor refused.
class DeafPort {
 public:
  explicit DeafPort(asio::io_context& context) : acceptor_(context) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    for (int i = 0; i < 3; ++i) {  // the kernel takes one or two for the program, and from then on drops what comes
      fillers_.emplace_back(context);
      fillers_.back().open(tcp::v4());
      fillers_.back().native_non_blocking(true);
      const auto endpoint = acceptor_.local_endpoint();
      ::connect(fillers_.back().native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    }
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  tcp::acceptor acceptor_;
  std::vector<tcp::socket> fillers_;
};

void for_each_socket(const std::function<void(int)>& visit) {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) throw std::runtime_error("no /proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    int type = 0;
    socklen_t size = sizeof type;
    const int descriptor = std::atoi(entry->d_name);
    if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0) visit(descriptor);
  }
  ::closedir(folder);
}

int option(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(socket, level, name, &value, &size);
  return value;
}

// Those of this process that are connected, or about to be, to that port.
std::size_t sockets_to(std::uint16_t port) {
  std::size_t count = 0;
  for_each_socket([&](int socket) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && peer.sin_family == AF_INET) {
      count += ntohs(peer.sin_port) == port ? 1 : 0;
    }
  });
  return count;
}

std::size_t open_sockets() {
  std::size_t count = 0;
  for_each_socket([&](int) { ++count; });
  return count;
}

class HttpClientFault : public ::testing::Test {
 protected:
  std::shared_ptr<Pending> begin(sd::HttpRequest request) {
    return start(context_, client_->perform(std::move(request)));
  }
  std::shared_ptr<Pending> begin(const std::string& url, std::chrono::milliseconds timeout = std::chrono::hours(1)) {
    return begin(sd::HttpRequest{.url = url, .timeout = timeout});
  }

  // The error that a request answered like this ends with; nothing if there is a response.
  std::optional<sd::HttpError> error_of(const Answer& answer, sd::HttpRequest request = {}) {
    server_.answer(answer);
    request.url = server_.url();
    try {
      response_ = run(context_, client_->perform(std::move(request)));
    } catch (const sd::HttpError& error) {
      return error;
    }
    return std::nullopt;
  }
  int code_of(const Answer& answer, sd::HttpRequest request = {}) {
    const auto error = error_of(answer, std::move(request));
    return error ? error->code().value() : 0;
  }

  void expect_aborted(Pending& pending) {
    ASSERT_TRUE(run_until(context_, [&] { return pending.done(); }));
    ASSERT_TRUE(pending.error);
    try {
      std::rethrow_exception(pending.error);
    } catch (const boost::system::system_error& error) {
      EXPECT_EQ(error.code(), asio::error::operation_aborted);
    }
    EXPECT_EQ(pending.completions, 1);
  }

  void TearDown() override {
    if (!client_) return;
    sd::HttpRequest request{.url = server_.url()};
    EXPECT_EQ(run(context_, client_->perform(std::move(request))).status, 200);
  }

  asio::io_context context_;
  testing::ScriptedHttpServer server_{context_};
  std::unique_ptr<sd::HttpClient> client_ = std::make_unique<sd::HttpClient>(context_.get_executor());
  sd::HttpResponse response_;
};

// Truncated.

TEST_F(HttpClientFault, AnAnswerMayBeCutOffNowhere) {
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (std::size_t size = 0; size < sized.size(); ++size) {
    EXPECT_NE(code_of(Answer::cut_off(sized.substr(0, size))), 0) << size;
  }
  const std::string chunked = kChunked + "2\r\nok\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < chunked.size() - 2; ++size) {  // the last line end is no information
    EXPECT_NE(code_of(Answer::cut_off(chunked.substr(0, size))), 0) << size;
  }
  EXPECT_EQ(code_of(Answer::cut_off(chunked)), 0);
  EXPECT_EQ(response_.body, "ok");
}

TEST_F(HttpClientFault, WithoutALengthTheEndOfTheConnectionIsTheEnd) {
  EXPECT_EQ(code_of(Answer::cut_off("HTTP/1.1 200 OK\r\n\r\nall of it")), 0);
  EXPECT_EQ(response_.body, "all of it");
}

TEST_F(HttpClientFault, AnAnswerMayBeResetNowhere) {
  for (std::size_t size = 0; size < kOk.size(); ++size) {
    EXPECT_NE(code_of(Answer::reset(kOk.substr(0, size))), 0) << size;
  }
  EXPECT_NE(code_of(Answer::reset(kChunked + "2\r\no")), 0);
  EXPECT_NE(code_of(Answer::reset("HTTP/1.1 200 OK\r\n\r\nuntil the end")), 0);
}

// Slow.

TEST_F(HttpClientFault, BytesThatDribbleInDoNotPutOffTheTimeout) {
  const sd::HttpRequest request{.timeout = std::chrono::milliseconds(100)};
  const std::vector<Answer> slow = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x", Answer::Then::kDribble},
      {kChunked, "1\r\nx\r\n", Answer::Then::kDribble},
      {"HTTP/1.1 200 OK\r\n", "X-Filler: x\r\n", Answer::Then::kDribble},
      {"", "HTTP/1.1 103 Early Hints\r\n\r\n", Answer::Then::kDribble},
  };
  for (const Answer& answer : slow) {
    const auto error = error_of(answer, request);
    ASSERT_TRUE(error) << answer.head;
    EXPECT_EQ(error->code(), std::errc::timed_out) << error->what();
  }
}

TEST_F(HttpClientFault, StuckHalfWayTimesOut) {
  const sd::HttpRequest request{.timeout = std::chrono::milliseconds(50)};
  for (const std::string& bytes :
       {std::string("HTTP/1.1 2"), std::string("HTTP/1.1 200 OK\r\nContent-Le"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), kChunked + "5\r\nha"}) {
    EXPECT_EQ(code_of(Answer::stuck(bytes), request), CURLE_OPERATION_TIMEDOUT) << bytes;
  }
}

// A request may take long and a connection may not: what has not connected after 5 s, of eleven minutes, has failed.
TEST_F(HttpClientFault, ConnectingIsGivenFiveSecondsOfALongTimeout) {
  server_.answer(Answer::silence());
  const auto watch = begin(server_.url(), std::chrono::minutes(11));
  const DeafPort deaf(context_);
  const auto connecting = begin("http://" + deaf.address(), std::chrono::minutes(11));
  ASSERT_TRUE(run_until(context_, [&] { return connecting->done(); }));
  try {
    testing::finish(context_, *connecting);
    FAIL();
  } catch (const sd::HttpError& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_FALSE(watch->done());
  EXPECT_EQ(server_.requests().size(), 1u);
  watch->cancel(asio::cancellation_type::terminal);
  expect_aborted(*watch);
}

TEST_F(HttpClientFault, ATimeoutMayBeAsLongAsItsType) {
  sd::HttpRequest request{.url = server_.url(), .timeout = std::chrono::milliseconds::max()};
  EXPECT_EQ(run(context_, client_->perform(std::move(request))).status, 200);
}

// Endless. Body and header are in http_client_test.

TEST_F(HttpClientFault, BoundsEverythingThatNeverEnds) {
  const std::string filler(4096, 'x');
  const std::vector<Answer> endless = {
      {"", "HTTP/1.1 103 Early Hints\r\nX-Filler: " + filler + "\r\n\r\n", Answer::Then::kForever},
      {kChunked + "0\r\n", "X-Trailer: " + filler + "\r\n", Answer::Then::kForever},
      {"HTTP/1.1 200 OK\r\n\r\n", filler, Answer::Then::kForever},
      {"HTTP/1.1 200 ", filler, Answer::Then::kForever},
      {"HTTP/1.1 200 OK\r\nX-Filler: ", filler, Answer::Then::kForever},
      {kChunked, filler, Answer::Then::kForever},
      {"", filler, Answer::Then::kForever},
  };
  for (const Answer& answer : endless) {
    const sd::HttpRequest request{.timeout = std::chrono::minutes(1), .max_response_bytes = 100'000};
    const auto error = error_of(answer, request);
    ASSERT_TRUE(error) << answer.head;
    EXPECT_NE(error->code(), std::errc::timed_out) << answer.head;
    EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
  }
}

// Wrong.

TEST_F(HttpClientFault, AWrongStatusLineIsNoAnswer) {
  for (const char* line : {"HTTP/1.1 abc OK", "HTTP/1.1", "HTTP/1.1 20", "HTTP/9.9 200 OK", "ICY 200 OK", "200 OK", "",
                           "HTTP/0.9 200 OK"}) {
    EXPECT_NE(code_of(Answer::cut_off(std::string(line) + "\r\nContent-Length: 0\r\n\r\n")), 0) << line;
  }
}

TEST_F(HttpClientFault, AWrongLengthIsNoAnswer) {
  for (const char* header : {"Content-Length: -1", "Content-Length: x", "Content-Length:"}) {
    EXPECT_NE(code_of(Answer::cut_off("HTTP/1.1 200 OK\r\n" + std::string(header) + "\r\n\r\nok")), 0) << header;
  }
  for (const char* chunk :
       {"x\r\nok\r\n0\r\n\r\n", "-2\r\nok\r\n0\r\n\r\n", "fffffffffffffffff\r\nok", "2\r\nokay\r\n0\r\n\r\n"}) {
    EXPECT_NE(code_of(Answer::cut_off(kChunked + chunk)), 0) << chunk;
  }
}

TEST_F(HttpClientFault, WhatComesAfterTheAnswerIsNotThatOfTheNext) {
  EXPECT_EQ(code_of({"", kOk + "HTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n", Answer::Then::kServe}), 0);
  EXPECT_EQ(response_.body, "ok");
  EXPECT_EQ(code_of(Answer::status(204)), 0);
  EXPECT_EQ(response_.status, 204);
}

TEST_F(HttpClientFault, RedirectsOfEveryKindAreAnswers) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const std::string location = "Location: " + server_.url() + "/elsewhere\r\n";
    EXPECT_EQ(code_of(Answer::status(status, "moved", location)), 0);
    EXPECT_EQ(response_.status, status);
    EXPECT_EQ(response_.header("location"), server_.url() + "/elsewhere");
  }
  EXPECT_EQ(server_.requests().size(), 5u);
}

// A server that hangs up on a large request: no SIGPIPE, and the connection's end as the reason.
class HangingUp : public HttpClientFault {
 protected:
  // Reads a little of what the client sends, and resets the connection.
  void hang_up() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      socket_ = std::make_unique<tcp::socket>(std::move(socket));
      asio::async_read(*socket_, asio::buffer(start_), [this](boost::system::error_code, std::size_t) {
        socket_->set_option(tcp::socket::linger(true, 0));
        socket_->close();
      });
    });
  }

  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::unique_ptr<tcp::socket> socket_;
  std::string start_ = std::string(100, '\0');
};

TEST_F(HangingUp, InTheMiddleOfALargeRequest) {
  hang_up();
  const std::string url = "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  sd::HttpRequest request{.method = "PUT", .url = url, .body = std::string(20'000'000, 'x')};
  EXPECT_THROW(run(context_, client_->perform(std::move(request))), sd::HttpError);
}

TEST_F(HangingUp, InTheMiddleOfALargeRequestOverTls) {
  hang_up();
  const testing::TlsRelay relay(context_, acceptor_.local_endpoint().port(), {.identity = testing::make_certificate()});
  sd::HttpRequest request{
      .method = "PUT", .url = relay.url(), .body = std::string(20'000'000, 'x'), .tls = {.verify = false}};
  EXPECT_THROW(run(context_, client_->perform(std::move(request))), sd::HttpError);
}

// Many at once.

TEST_F(HttpClientFault, FiftyAtOnceEachGetWhatIsTheirs) {
  struct Case {
    Answer answer;
    std::string outcome;
  };
  std::vector<Case> cases;
  for (int i = 0; i < 10; ++i) {
    cases.push_back({Answer::status(200, std::to_string(i)), std::to_string(i)});
    cases.push_back({Answer::cut_off("HTTP/1.1 200 OK\r\nConte"), "error"});
    cases.push_back({Answer::reset(kOk.substr(0, kOk.size() - 1)), "error"});
    cases.push_back({Answer::endless_body(), "error"});
    cases.push_back({Answer::status(503, "busy" + std::to_string(i)), "busy" + std::to_string(i)});
  }
  std::vector<std::shared_ptr<Pending>> pending;
  std::vector<std::string> expected;
  for (const Case& one : cases) {
    server_.answer(one.answer);
    expected.push_back(one.outcome);
    pending.push_back(begin({.url = server_.url(), .timeout = std::chrono::minutes(1), .max_response_bytes = 50'000}));
  }
  std::vector<std::string> outcomes;
  for (const auto& one : pending) {
    try {
      outcomes.push_back(testing::finish(context_, *one).body);
    } catch (const sd::HttpError&) {
      outcomes.push_back("error");
    }
  }
  EXPECT_THAT(outcomes, ::testing::UnorderedElementsAreArray(expected));
  EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() <= 4; }));
}

// Others' handlers come in between: fifty connections are not opened in one go.
TEST_F(HttpClientFault, FiftyAtOnceStartOneByOne) {
  std::vector<std::shared_ptr<Pending>> pending;
  for (int i = 0; i < 50; ++i) pending.push_back(begin(server_.url()));
  std::size_t before = 0;
  std::size_t most = 0;
  ASSERT_TRUE(run_until(context_, [&] {  // asked after each handler
    const std::size_t sockets = sockets_to(server_.port());
    if (sockets > before) most = std::max(most, sockets - before);
    before = sockets;
    return server_.requests().size() == 50;
  }));
  EXPECT_LE(most, 1u);
  for (const auto& one : pending) EXPECT_EQ(testing::finish(context_, *one).status, 200);
}

TEST_F(HttpClientFault, DestroyedWithFiftyUnderWayInEveryStage) {
  const DeafPort deaf(context_);
  const testing::TlsRelay relay(context_, server_.port(), {.identity = testing::make_certificate()});
  std::vector<std::shared_ptr<Pending>> pending;
  for (int i = 0; i < 10; ++i) {
    server_.answer(Answer::silence());
    server_.answer(Answer::stuck(kOk.substr(0, 30)));
    server_.answer(Answer::stuck(kOk.substr(0, kOk.size() - 1)));
    pending.push_back(begin(server_.url()));
    pending.push_back(begin(server_.url()));
    pending.push_back(begin(server_.url()));
    pending.push_back(begin("http://" + deaf.address()));
    pending.push_back(begin({.url = relay.url(), .tls = {.verify = false}, .timeout = std::chrono::hours(1)}));
  }
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 30; }));
  pending.push_back(begin(server_.url()));
  client_.reset();
  for (const auto& one : pending) {
    EXPECT_FALSE(one->value);
    expect_aborted(*one);
  }
  EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
}

// Cancelled at each stage.

TEST_F(HttpClientFault, CancelledWhileItConnects) {
  const DeafPort deaf(context_);
  const std::size_t sockets = open_sockets();
  const auto pending = begin("http://" + deaf.address());
  ASSERT_TRUE(run_until(context_, [&] { return open_sockets() > sockets; }));
  pending->cancel(asio::cancellation_type::terminal);
  expect_aborted(*pending);
  EXPECT_EQ(open_sockets(), sockets);
}

TEST_F(HttpClientFault, CancelledWhileItShakesHands) {
  tcp::acceptor acceptor(context_, {asio::ip::address_v4::loopback(), 0});
  const auto pending = begin("https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()));
  tcp::socket accepted(context_);
  std::string hello(6, '\0');
  bool has_hello = false;
  bool closed = false;
  acceptor.async_accept(accepted, [&](boost::system::error_code) {
    asio::async_read(accepted, asio::buffer(hello),
                     [&](boost::system::error_code error, std::size_t) { has_hello = !error; });
  });
  ASSERT_TRUE(run_until(context_, [&] { return has_hello; }));
  pending->cancel(asio::cancellation_type::terminal);
  expect_aborted(*pending);
  std::string rest(1 << 16, '\0');
  asio::async_read(accepted, asio::buffer(rest), [&](boost::system::error_code, std::size_t) { closed = true; });
  EXPECT_TRUE(run_until(context_, [&] { return closed; }));
}

TEST_F(HttpClientFault, CancelledInTheMiddleOfTheAnswer) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf of it";
  for (const std::size_t size : {5u, 20u, 38u, 41u}) {
    server_.answer(Answer::stuck(answer.substr(0, size)));
    const std::size_t before = server_.requests().size();
    const auto pending = begin(server_.url());
    ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == before + 1; }));
    context_.poll();  // the bytes have arrived
    pending->cancel(asio::cancellation_type::terminal);
    expect_aborted(*pending);
    EXPECT_TRUE(run_until(context_, [&] { return server_.open_connections() == 0; }));
  }
}

TEST_F(HttpClientFault, CancelledWhileItWaitsForItsTurnSendsNothing) {
  const auto first = begin(server_.url() + "/first");
  const auto second = begin(server_.url() + "/second");
  const auto third = begin(server_.url() + "/third");
  for (int i = 0; i < 3; ++i) context_.poll_one();  // into the coroutines
  second->cancel(asio::cancellation_type::terminal);
  expect_aborted(*second);
  EXPECT_EQ(testing::finish(context_, *first).status, 200);
  EXPECT_EQ(testing::finish(context_, *third).status, 200);
  EXPECT_EQ(server_.requests().size(), 2u);
}

// The loop, the process and threads.

TEST_F(HttpClientFault, ConnectionsHaveKeepAlive) {
  server_.answer(Answer::silence());
  const auto watch = begin(server_.url());
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 1; }));
  int found = 0;
  for_each_socket([&](int socket) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET) return;
    if (ntohs(peer.sin_port) != server_.port()) return;
    ++found;
    EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  });
  EXPECT_EQ(found, 1);
  watch->cancel(asio::cancellation_type::terminal);
  expect_aborted(*watch);
}

TEST_F(HttpClientFault, GoesOnAfterTheContextWasStopped) {
  server_.answer(Answer::silence());
  server_.answer(Answer::status(200, "after all"));
  const auto watch = begin(server_.url());
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 1; }));
  const auto pending = begin(server_.url());
  context_.poll_one();
  context_.stop();
  EXPECT_EQ(testing::finish(context_, *pending).body, "after all");
  EXPECT_FALSE(watch->done());
  context_.stop();
  client_.reset();
  expect_aborted(*watch);
}

// Over TLS a child's goodbye on the parent's connection would end it.
TEST_F(HttpClientFault, AForkedChildLeavesTheParentsConnectionsAlone) {
  const testing::TlsRelay relay(context_, server_.port(), {.identity = testing::make_certificate()});
  const sd::HttpRequest request{.url = relay.url(), .tls = {.verify = false}, .timeout = std::chrono::hours(1)};
  EXPECT_EQ(run(context_, client_->perform(request)).status, 200);
  server_.answer(Answer::silence());
  const auto watch = begin(request);
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 2; }));
  const auto second = begin(request);
  EXPECT_EQ(testing::finish(context_, *second).status, 200);
  ASSERT_EQ(relay.handshakes().size(), 2u);

  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    context_.notify_fork(asio::io_context::fork_child);
    context_.restart();
    context_.poll();
    bool refused = false;
    try {
      run(context_, client_->perform(request));
    } catch (const std::logic_error&) {
      refused = true;
    } catch (...) {
    }
    client_.reset();
    context_.poll();
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);

  EXPECT_EQ(run(context_, client_->perform(request)).status, 200);
  EXPECT_EQ(relay.handshakes().size(), 2u);  // over the connection from before
  EXPECT_FALSE(watch->done());
  watch->cancel(asio::cancellation_type::terminal);
  expect_aborted(*watch);
}

TEST(HttpClientStrand, ServesAStrandOfManyThreads) {
  asio::io_context server_context;
  testing::ScriptedHttpServer server(server_context);
  std::thread server_thread([&] { server_context.run(); });
  asio::io_context context;
  const auto strand = asio::make_strand(context);
  sd::HttpClient client(strand);
  std::vector<std::future<sd::HttpResponse>> responses;
  for (int i = 0; i < 50; ++i) {
    sd::HttpRequest request{.url = server.url()};
    responses.push_back(asio::co_spawn(strand, client.perform(std::move(request)), asio::use_future));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { context.run(); });
  for (auto& response : responses) EXPECT_EQ(response.get().status, 200);
  for (std::thread& thread : threads) thread.join();
  server_context.stop();
  server_thread.join();
}

}  // namespace
}  // namespace prometheus_async
