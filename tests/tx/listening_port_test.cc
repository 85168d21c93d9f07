// SPDX-License-Identifier: Apache-2.0
#include "tx/listening_port.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "aio/net/connection_group.h"
#include "tests/testing/run.h"
#include "tx/deferred.h"
#include "tx/factory.h"
#include "tx/from_awaitable.h"
#include "tx/reactor.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;
using aio::net::ConnectionGroup;
using asio::ip::tcp;
namespace ssl = asio::ssl;
constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

// What the factories of a test have seen.
struct Seen {
  int started = 0;
  int stopped = 0;
  int served = 0;
  int ended = 0;
  bool had_tls = false;
};

// The factory of factory.h's example: gives back what it gets, line or not. Ends when it is asked to.
class Echo : public tx::Factory {
 public:
  explicit Echo(Seen* seen = nullptr) : seen_(seen) {}

  void do_start(Reactor&) override {
    if (seen_ != nullptr) ++seen_->started;
  }
  void do_stop() override {
    if (seen_ != nullptr) ++seen_->stopped;
  }

  asio::awaitable<void> serve(aio::net::Socket socket, std::shared_ptr<ssl::context> tls,
                              ConnectionGroup::Seat& seat) override {
    if (seen_ != nullptr) {
      ++seen_->served;
      seen_->had_tls = tls != nullptr;
    }
    seat.on_stop([&socket] {
      boost::system::error_code ignored;
      socket.close(ignored);
    });
    std::array<char, 64> bytes;
    for (;;) {
      const auto [error, size] = co_await socket.async_read_some(asio::buffer(bytes), kAwaitTuple);
      if (error) break;
      co_await asio::async_write(socket, asio::buffer(bytes.data(), size), kAwaitTuple);
    }
    if (seen_ != nullptr) ++seen_->ended;
  }

 private:
  Seen* seen_;
};

// A client that sends and gets it back.
asio::awaitable<std::string> exchange(tcp::socket& socket, std::string text) {
  const auto buffer = asio::buffer(text);
  co_await asio::async_write(socket, buffer, asio::use_awaitable);
  std::string answer(text.size(), ' ');
  const auto into = asio::buffer(answer);
  co_await asio::async_read(socket, into, asio::use_awaitable);
  co_return answer;
}

// Whether the other side has closed.
asio::awaitable<bool> is_closed(tcp::socket& socket) {
  std::array<char, 1> byte;
  const auto buffer = asio::buffer(byte);
  const auto [error, size] = co_await asio::async_read(socket, buffer, kAwaitTuple);
  co_return error&& size == 0;
}

// The reactor is run from outside, step by step.
class ListeningPortTest : public ::testing::Test {
 protected:
  template <class T>
  T run(asio::awaitable<T> operation) {
    return prometheus_async::testing::run(context_, std::move(operation));
  }
  bool run_until(std::function<bool()> condition) { return prometheus_async::testing::run_until(context_, condition); }
  // Runs until the Deferred has its result.
  template <class T>
  void finish(Deferred<T>& deferred) {
    ASSERT_TRUE(run_until([&] { return deferred.has_result(); }));
    testing::success_result_of(deferred);
  }
  tcp::socket connect(const ListeningPort& port) {
    tcp::socket socket(context_);
    socket.connect({asio::ip::make_address("127.0.0.1"), port.get_host().port});
    return socket;
  }

  asio::io_context context_;
  Reactor reactor_{context_};
  Seen seen_;
  const ListenOptions local_{.interface = "127.0.0.1"};
};

// The header's example.
TEST_F(ListeningPortTest, TellsWhereItListensAndStops) {
  Reactor& reactor = reactor_;
  using EchoFactory = Echo;
  std::ostringstream out;
  tx::ListeningPort port = reactor.listen_tcp(0, EchoFactory());
  out << "port " << port.get_host().port << '\n';
  EXPECT_NE(out.str(), "port 0\n");
  tx::Deferred<void> stopped = port.stop_listening();
  testing::assert_no_result(stopped);  // in the next turn of the loop
  finish(stopped);
  EXPECT_NE(port.get_host().port, 0);
}

TEST_F(ListeningPortTest, GivesConnectionsToTheFactory) {
  const ListeningPort port = reactor_.listen_tcp(0, Echo(&seen_), local_);
  EXPECT_EQ(port.get_host().host, "127.0.0.1");
  tcp::socket first = connect(port);
  tcp::socket second = connect(port);
  EXPECT_EQ(run(exchange(first, "one")), "one");
  EXPECT_EQ(run(exchange(second, "two")), "two");
  EXPECT_EQ(seen_.served, 2);
  EXPECT_FALSE(seen_.had_tls);
  EXPECT_EQ(port.connections(), 2U);
}

TEST_F(ListeningPortTest, TakesAFactoryThatIsShared) {
  const auto echo = std::make_shared<Echo>(&seen_);
  const ListeningPort port = reactor_.listen_tcp(0, echo, local_);
  tcp::socket socket = connect(port);
  EXPECT_EQ(run(exchange(socket, "one")), "one");
}

// The handshake is the factory's.
TEST_F(ListeningPortTest, GivesTheTlsContextToTheFactory) {
  const auto tls = std::make_shared<ssl::context>(ssl::context::tls_server);
  const ListeningPort port = reactor_.listen_ssl(0, Echo(&seen_), tls, local_);
  tcp::socket socket = connect(port);
  EXPECT_EQ(run(exchange(socket, "one")), "one");
  EXPECT_TRUE(seen_.had_tls);
  EXPECT_THROW(reactor_.listen_ssl(0, Echo(), nullptr), std::invalid_argument);
}

TEST_F(ListeningPortTest, ListensAtAllAddressesWithoutAnInterface) {
  const ListeningPort port = reactor_.listen_tcp(0, Echo());
  tcp::socket socket = connect(port);
  EXPECT_EQ(run(exchange(socket, "one")), "one");
}

TEST_F(ListeningPortTest, LetsConnectionsLiveOnWhenItStopsListening) {
  ListeningPort port = reactor_.listen_tcp(0, Echo(&seen_), local_);
  tcp::socket socket = connect(port);
  EXPECT_EQ(run(exchange(socket, "one")), "one");
  Deferred<void> stopped = port.stop_listening();
  finish(stopped);
  EXPECT_EQ(run(exchange(socket, "two")), "two");
  EXPECT_THROW(connect(port), boost::system::system_error);
  // The port is free.
  reactor_.listen_tcp(port.get_host().port, Echo(), local_);
}

TEST_F(ListeningPortTest, StopsListeningAtOnceTheSecondTime) {
  ListeningPort port = reactor_.listen_tcp(0, Echo(), local_);
  Deferred<void> first = port.stop_listening();
  testing::success_result_of(port.stop_listening());
  finish(first);
}

// --- Errors.

TEST_F(ListeningPortTest, NamesTheAddressThatItCannotListenOn) {
  const ListeningPort taken = reactor_.listen_tcp(0, Echo(), local_);
  const std::uint16_t port = taken.get_host().port;
  try {
    reactor_.listen_tcp(port, Echo(&seen_), local_);
    FAIL() << "nothing was thrown";
  } catch (const CannotListenError& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_EQ(std::string(error.what()).find("cannot listen on 127.0.0.1:" + std::to_string(port) + ": "), 0U)
        << error.what();
  }
  EXPECT_EQ(seen_.started, 1);
  EXPECT_EQ(seen_.stopped, 1);
}

TEST_F(ListeningPortTest, RefusesANameInThePlaceOfAnAddress) {
  EXPECT_THROW(reactor_.listen_tcp(0, Echo(), {.interface = "localhost"}), CannotListenError);
}

TEST_F(ListeningPortTest, RefusesNoFactory) {
  EXPECT_THROW(reactor_.listen_tcp(0, std::shared_ptr<Factory>()), std::invalid_argument);
}

TEST_F(ListeningPortTest, LetsTheFactorysExceptionThrough) {
  struct Broken : Echo {
    void do_start(Reactor&) override { throw std::runtime_error("no"); }
    void do_stop() override { ADD_FAILURE() << "it was not started"; }
  };
  EXPECT_THROW(reactor_.listen_tcp(0, Broken(), local_), std::runtime_error);
}

TEST_F(ListeningPortTest, ReportsAConnectionThatThrows) {
  struct Broken : Factory {
    asio::awaitable<void> serve(aio::net::Socket, std::shared_ptr<ssl::context>, ConnectionGroup::Seat&) override {
      throw std::runtime_error("no");
      co_return;
    }
  };
  const ListeningPort port = reactor_.listen_tcp(0, Broken(), local_);
  tcp::socket socket = connect(port);
  EXPECT_TRUE(run(is_closed(socket)));
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1U);
}

// --- The factory's start and stop.

TEST_F(ListeningPortTest, StartsTheFactoryWithItsFirstPortAndStopsItWithItsLast) {
  const auto echo = std::make_shared<Echo>(&seen_);
  ListeningPort first = reactor_.listen_tcp(0, echo, local_);
  ListeningPort second = reactor_.listen_tcp(0, echo, local_);
  EXPECT_EQ(seen_.started, 1);
  Deferred<void> stopped = first.stop_listening();
  finish(stopped);
  EXPECT_EQ(seen_.stopped, 0);
  stopped = second.stop_listening();
  EXPECT_EQ(seen_.stopped, 1);
  finish(stopped);
  const ListeningPort third = reactor_.listen_tcp(0, echo, local_);
  EXPECT_EQ(seen_.started, 2);
}

// --- The end of the reactor.

TEST_F(ListeningPortTest, ClosesItsConnectionsWhenTheReactorStops) {
  ListeningPort port = reactor_.listen_tcp(0, Echo(&seen_), local_);
  tcp::socket socket = connect(port);
  EXPECT_EQ(run(exchange(socket, "one")), "one");
  int ended = -1;
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kShutdown, [&] { ended = seen_.ended; });
  reactor_.stop();
  EXPECT_TRUE(run(is_closed(socket)));
  EXPECT_TRUE(run_until([&] { return !reactor_.running(); }));
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(seen_.stopped, 1);
  EXPECT_EQ(port.connections(), 0U);
  testing::success_result_of(port.stop_listening());
  EXPECT_THROW(reactor_.listen_tcp(0, Echo()), ReactorNotRunning);
}

// Those of a port that had stopped listening before as well.
TEST_F(ListeningPortTest, ClosesConnectionsThatOutlivedTheListening) {
  ListeningPort port = reactor_.listen_tcp(0, Echo(&seen_), local_);
  tcp::socket socket = connect(port);
  EXPECT_EQ(run(exchange(socket, "one")), "one");
  Deferred<void> stopped = port.stop_listening();
  finish(stopped);
  const ListeningPort other = reactor_.listen_tcp(0, Echo(), local_);
  reactor_.stop();
  EXPECT_TRUE(run(is_closed(socket)));
  EXPECT_TRUE(run_until([&] { return !reactor_.running(); }));
}

// One that is not asked to end, since it set nothing up for it.
TEST_F(ListeningPortTest, CancelsConnectionsThatAreBusyForTooLong) {
  struct Busy : Factory {
    asio::awaitable<void> serve(aio::net::Socket socket, std::shared_ptr<ssl::context>,
                                ConnectionGroup::Seat&) override {
      std::array<char, 1> byte;
      const auto buffer = asio::buffer(byte);
      for (;;) co_await asio::async_read(socket, buffer, asio::use_awaitable);
    }
  };
  ListenOptions options = local_;
  options.shutdown_timeout = 1ms;
  const ListeningPort port = reactor_.listen_tcp(0, Busy(), options);
  tcp::socket socket = connect(port);
  ASSERT_TRUE(run_until([&] { return port.connections() == 1; }));
  reactor_.stop();
  EXPECT_TRUE(run(is_closed(socket)));
  EXPECT_TRUE(run_until([&] { return !reactor_.running(); }));
}

TEST(ListeningPortEnd, OutlivesTheReactor) {
  Seen seen;
  std::optional<ListeningPort> port;
  {
    Reactor reactor;
    port.emplace(reactor.listen_tcp(0, Echo(&seen), {.interface = "127.0.0.1"}));
  }
  EXPECT_EQ(seen.stopped, 1);
  EXPECT_NE(port->get_host().port, 0);
  EXPECT_EQ(port->connections(), 0U);
  testing::success_result_of(port->stop_listening());
}

// The example of reactor.h, with other numbers.
TEST(ListeningPortInRun, ServesForATime) {
  Seen seen;
  const auto make_factory = [&] { return Echo(&seen); };
  tx::Reactor reactor;
  reactor.listen_tcp(0, make_factory());
  reactor.call_later(1ms, [&] { reactor.stop(); });
  reactor.run();
  EXPECT_EQ(seen.started, 1);
  EXPECT_EQ(seen.stopped, 1);
}

// As a program has it: run() drives everything, a client in the same loop included.
TEST(ListeningPortInRun, ServesUntilTheStop) {
  Seen seen;
  Reactor reactor;
  const ListeningPort port = reactor.listen_tcp(0, Echo(&seen), {.interface = "127.0.0.1"});
  tcp::socket socket(reactor.context());
  std::string answer;
  reactor.call_when_running([&] {
    socket.connect({asio::ip::make_address("127.0.0.1"), port.get_host().port});
    Deferred<void> asked =
        from_awaitable(reactor.context(), exchange(socket, "one")).add_callback([&](std::string text) {
          answer = std::move(text);
          reactor.stop();
        });
  });
  reactor.run({.install_signal_handlers = false});
  EXPECT_EQ(answer, "one");
  EXPECT_EQ(seen.ended, 1);
}

}  // namespace
}  // namespace prometheus_async::tx
