// SPDX-License-Identifier: Apache-2.0

#include "aio/net/listener.h"

#include <fcntl.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

using asio::ip::tcp;
using Listeners = std::vector<std::unique_ptr<Listener>>;

class ListenerTest : public ::testing::Test {
 protected:
  Listeners listen_at(const std::string& host, std::uint16_t port = 0) {
    auto result = asio::co_spawn(io_context_, listen(host, port), asio::use_future);
    io_context_.restart();
    io_context_.run();
    return result.get();
  }

  // The message of the failure.
  std::string failure(const std::string& host, std::uint16_t port) {
    try {
      listen_at(host, port);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "";
  }

  bool can_connect(const std::string& host, std::uint16_t port) {
    boost::system::error_code error;
    tcp::socket client(io_context_);
    client.connect({asio::ip::make_address(host), port}, error);
    return !error;
  }

  asio::io_context io_context_{1};
};

TEST_F(ListenerTest, SaysWhereItListens) {
  const Listeners listeners = listen_at("127.0.0.1");
  ASSERT_EQ(listeners.size(), 1u);
  EXPECT_EQ(listeners[0]->address().host, "127.0.0.1");
  EXPECT_NE(listeners[0]->address().port, 0);
  EXPECT_TRUE(can_connect("127.0.0.1", listeners[0]->address().port));
}

TEST_F(ListenerTest, AcceptsUntilItIsClosed) {
  Listeners listeners = listen_at("127.0.0.1");
  Listener& listener = *listeners[0];
  tcp::socket client(io_context_);
  client.connect({asio::ip::make_address("127.0.0.1"), listener.address().port});
  auto accepted = asio::co_spawn(io_context_, listener.accept(), asio::use_future);
  io_context_.restart();
  io_context_.run();
  std::optional<tcp::socket> socket = accepted.get();
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->remote_endpoint(), client.local_endpoint());
  tcp::no_delay no_delay;
  socket->get_option(no_delay);
  EXPECT_TRUE(no_delay.value());
  EXPECT_EQ(::fcntl(socket->native_handle(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);

  auto none = asio::co_spawn(io_context_, listener.accept(), asio::use_future);
  io_context_.restart();
  io_context_.poll();
  listener.close();
  EXPECT_FALSE(can_connect("127.0.0.1", listener.address().port));
  io_context_.run();
  EXPECT_FALSE(none.get());
  auto after = asio::co_spawn(io_context_, listener.accept(), asio::use_future);
  io_context_.restart();
  io_context_.run();
  EXPECT_FALSE(after.get());
}

TEST_F(ListenerTest, TakesBothFamiliesInOneSocketIfNoHostIsNamed) {
  const Listeners listeners = listen_at("");
  ASSERT_EQ(listeners.size(), 1u);
  EXPECT_TRUE(can_connect("127.0.0.1", listeners[0]->address().port));
  const bool has_ipv6 = listeners[0]->address().host == "::";
  EXPECT_EQ(has_ipv6 && can_connect("::1", listeners[0]->address().port), has_ipv6);
}

TEST_F(ListenerTest, ResolvesANameToAddressesWithOnePort) {
  const Listeners listeners = listen_at("localhost");
  ASSERT_FALSE(listeners.empty());
  for (const auto& listener : listeners) EXPECT_EQ(listener->address().port, listeners[0]->address().port);
}

TEST_F(ListenerTest, NamesAddressAndReasonOfAFailure) {
  const Listeners taken = listen_at("127.0.0.1");
  const Address& address = taken[0]->address();
  EXPECT_EQ(failure("127.0.0.1", address.port), "listen on " + address.to_string() + ": Address already in use");
  EXPECT_EQ(failure("192.0.2.1", 80), "listen on 192.0.2.1:80: Cannot assign requested address");
  EXPECT_EQ(failure("no-such-host.invalid", 80).substr(0, 39), "listen on no-such-host.invalid:80: Host");
  EXPECT_EQ(failure("not a name", 80).substr(0, 25), "listen on not a name:80: ");
}

TEST(Address, PutsIpv6InBrackets) {
  EXPECT_EQ((Address{"127.0.0.1", 80}.to_string()), "127.0.0.1:80");
  EXPECT_EQ((Address{"::1", 8000}.to_string()), "[::1]:8000");
}

}  // namespace
}  // namespace prometheus_async::aio::net
