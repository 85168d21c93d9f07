// SPDX-License-Identifier: Apache-2.0
//
// What an AppRunner does not show of its server; the rest is tests/aio/web/app_runner_test's.

#include "aio/net/server.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

// Says its word, and again for each piece that comes.
asio::awaitable<void> repeat(Socket socket, std::string word) {
  std::array<char, 16> buffer;
  for (;;) {
    co_await asio::async_write(socket, asio::buffer(word), kAwaitTuple);
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), kAwaitTuple);
    if (error) co_return;
  }
}

Server::Serve say(std::string word) {
  return [word](Socket socket, ConnectionGroup::Seat&) { return repeat(std::move(socket), word); };
}

TEST(Server, ServesEachListenerInItsWay) {
  asio::io_context io_context(1);
  Server server(io_context.get_executor(), {}, say("one"));
  server.listen_numeric("127.0.0.1", 0);
  asio::co_spawn(io_context, server.listen("127.0.0.1", 0, say("two")), asio::detached);
  io_context.poll();
  ASSERT_EQ(server.addresses().size(), 2u);
  RawClient one(server.addresses()[0]);
  RawClient two(server.addresses()[1]);
  one.shutdown_send();
  two.shutdown_send();
  io_context.run_for(100ms);
  EXPECT_EQ(one.read_to_end(), "one");
  EXPECT_EQ(two.read_to_end(), "two");
}

TEST(Server, LetsConnectionsLiveWhenItsListenersClose) {
  asio::io_context io_context(1);
  Server server(io_context.get_executor(), {}, say("x"));
  server.listen_numeric("127.0.0.1", 0);
  RawClient client(server.addresses().front());
  io_context.run_for(100ms);
  server.close_listeners();
  EXPECT_FALSE(can_connect(server.addresses().front()));
  EXPECT_EQ(server.connections(), 1u);
  client.send("again");
  client.shutdown_send();
  EXPECT_GT(io_context.run(), 0u);  // until nothing is left: the accepting has ended
  EXPECT_EQ(client.read_to_end(), "xx");
  EXPECT_EQ(server.connections(), 0u);
}

TEST(Server, CancelsWhatTakesNoNoticeOfBeingAskedToEnd) {
  asio::io_context io_context(1);
  Server server(io_context.get_executor(), {}, say("x"));
  server.listen_numeric("127.0.0.1", 0);
  RawClient client(server.addresses().front());
  io_context.run_for(100ms);
  ASSERT_EQ(server.connections(), 1u);
  asio::co_spawn(io_context, server.shut_down(1ms), asio::detached);
  io_context.run();
  EXPECT_EQ(server.connections(), 0u);
}

TEST(Server, NamesAddressAndReasonOfAFailure) {
  asio::io_context io_context(1);
  Server taken(io_context.get_executor(), {}, say("x"));
  taken.listen_numeric("127.0.0.1", 0);
  Server server(io_context.get_executor(), {}, say("x"));
  const auto reason = [&](const std::string& host, std::uint16_t port) -> std::string {
    try {
      server.listen_numeric(host, port);
      return "listens";
    } catch (const std::system_error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(reason("127.0.0.1", taken.addresses().front().port),
            "listen on " + taken.addresses().front().to_string() + ": Address already in use");
  EXPECT_EQ(reason("localhost", 0), "listen on localhost:0: Invalid argument");
  EXPECT_TRUE(server.addresses().empty());
}

TEST(Server, ListensOnAllInterfacesWithoutAName) {
  asio::io_context io_context(1);
  Server server(io_context.get_executor(), {}, say("x"));
  server.listen_numeric("", 0);
  ASSERT_EQ(server.addresses().size(), 1u);
  EXPECT_TRUE(can_connect({"127.0.0.1", server.addresses().front().port}));
}

}  // namespace
}  // namespace prometheus_async::aio::net
