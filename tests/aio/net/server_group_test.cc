// SPDX-License-Identifier: Apache-2.0
//
// A group by itself, with connections that speak no HTTP. With an application on it: tests/aio/web/app_runner_*_test.

#include "aio/net/server_group.h"

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Sends "hello" to whoever comes, and waits until that one has closed.
asio::awaitable<void> greet(Socket socket) {
  constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);
  co_await socket.async_send(asio::buffer("hello", 5), kAwaitTuple);
  char byte;
  co_await socket.async_receive(asio::buffer(&byte, 1), kAwaitTuple);
}

// A group on so many threads.
class Group {
 public:
  explicit Group(std::size_t threads, ServerOptions options = {}) {
    std::vector<asio::any_io_executor> executors;
    for (std::size_t i = 0; i < threads; ++i) executors.push_back(contexts_.emplace_back(1).get_executor());
    servers_.emplace(std::move(executors), std::move(options), [this](const asio::any_io_executor&) {
      ++made_;
      return [this](Socket socket, std::shared_ptr<asio::ssl::context>, ConnectionGroup::Seat&) {
        const std::lock_guard<std::mutex> lock(mutex_);
        served_by_.insert(std::this_thread::get_id());
        return greet(std::move(socket));
      };
    });
    for (asio::io_context& context : contexts_) {
      threads_.emplace_back([&context, work = asio::make_work_guard(context)] { context.run(); });
    }
  }
  ~Group() {
    run(servers_->shut_down(0s, 20s));
    for (asio::io_context& context : contexts_) context.stop();
    threads_.clear();
  }

  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void run(asio::awaitable<void> awaitable) {
    asio::co_spawn(contexts_.front(), std::move(awaitable), asio::use_future).get();
  }
  // What it throws, looked at where it is thrown: TSan does not see that exceptions are counted.
  std::string error_of(asio::awaitable<void> awaitable) {
    return asio::co_spawn(contexts_.front(), message_of(std::move(awaitable)), asio::use_future).get();
  }
  ServerGroup& servers() { return *servers_; }
  const Address& address() { return servers_->addresses().front(); }
  int made() const { return made_; }
  std::size_t threads_that_served() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return served_by_.size();
  }

 private:
  static asio::awaitable<std::string> message_of(asio::awaitable<void> awaitable) {
    std::string message = "none";
    try {
      co_await std::move(awaitable);
    } catch (const std::system_error& error) {
      message = error.what();
    }
    co_return message;
  }

  std::list<asio::io_context> contexts_;
  int made_ = 0;
  std::mutex mutex_;
  std::set<std::thread::id> served_by_;
  std::optional<ServerGroup> servers_;
  std::vector<std::jthread> threads_;
};

TEST(ServerGroup, NeedsAnExecutor) {
  const auto make = [](const asio::any_io_executor&) { return ServerGroup::Serve(); };
  EXPECT_THAT([&] { const ServerGroup none({}, {}, make); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("executor")));
}

TEST(ServerGroup, MakesAServiceForEachExecutor) {
  Group group(3);
  EXPECT_EQ(group.made(), 3);
}

TEST(ServerGroup, ListensOnOnePortForAll) {
  Group group(2);
  group.run(group.servers().listen("127.0.0.1", 0));
  EXPECT_EQ(group.servers().addresses().size(), 1u);
  for (int i = 0; i < 100; ++i) {  // all on one of them: 1 in 2^99
    RawClient client(group.address());
    EXPECT_EQ(client.read_until("hello"), "hello");
  }
  EXPECT_EQ(group.threads_that_served(), 2u);
}

TEST(ServerGroup, RefusesAPortThatIsTakenHoweverManyItHas) {
  Group first(1);
  first.run(first.servers().listen("127.0.0.1", 0));
  for (const std::size_t threads : {1, 2}) {
    Group second(threads);
    EXPECT_THAT(second.error_of(second.servers().listen("127.0.0.1", first.address().port)),
                HasSubstr("listen on " + first.address().to_string()));
    EXPECT_TRUE(second.servers().addresses().empty());
  }
}

// Rounded up: three connections of a group of two are two for each.
TEST(ServerGroup, SharesItsConnectionsAmongItsExecutors) {
  Group group(2, {.max_connections = 3});
  group.run(group.servers().add(std::move(listen_numeric("127.0.0.1", 0).front())));
  std::list<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(clients.emplace_back(group.address()).read_until("hello"), "hello");
  }
  RawClient fifth(group.address());
  clients.pop_front();  // makes room
  EXPECT_EQ(fifth.read_until("hello"), "hello");
}

TEST(ServerGroup, ListensNoMoreOnceItIsStopped) {
  Group group(2);
  group.run(group.servers().listen("127.0.0.1", 0));
  group.run(group.servers().stop());
  EXPECT_FALSE(can_connect(group.address()));
  EXPECT_THAT(group.error_of(group.servers().listen("127.0.0.1", 0)), HasSubstr("listen on 127.0.0.1:"));
  EXPECT_EQ(group.servers().addresses().size(), 1u);
}

TEST(ServerGroup, CutsOffWhoIsLeftAtTheEnd) {
  Group group(2);
  group.run(group.servers().listen("127.0.0.1", 0));
  std::list<RawClient> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(group.address()).read_until("hello");
  group.run(group.servers().shut_down(0s, 20s));
  for (RawClient& client : clients) EXPECT_EQ(client.read_to_end(), "");
}

}  // namespace
}  // namespace prometheus_async::aio::net
