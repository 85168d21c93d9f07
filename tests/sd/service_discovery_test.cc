// SPDX-License-Identifier: Apache-2.0
#include "sd/service_discovery.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "sd/consul_agent.h"
#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using testing::run;

std::vector<std::string> announced;

asio::awaitable<void> announce(std::string url) {
  announced.push_back("+" + url);
  co_return;
}

asio::awaitable<void> withdraw(std::string url) {
  announced.push_back("-" + url);
  co_return;
}

// The header's example.
struct Announce {
  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) {
    co_await announce(endpoint.url());
    co_return [endpoint]() -> asio::awaitable<void> { co_await withdraw(endpoint.url()); };
  }
};

TEST(ServiceDiscovery, HeaderExample) {
  announced.clear();
  asio::io_context context;
  sd::ServiceDiscovery discovery = Announce{};
  const sd::Deregister deregister = run(context, discovery.enroll({.address = "127.0.0.1", .port = 1}));
  EXPECT_EQ(announced, std::vector<std::string>({"+http://127.0.0.1:1/metrics"}));
  run(context, deregister());
  EXPECT_EQ(announced.back(), "-http://127.0.0.1:1/metrics");
}

TEST(ServiceDiscovery, NoneEnrollsNothing) {
  asio::io_context context;
  const sd::ServiceDiscovery none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(run(context, none.enroll({})));
}

TEST(ServiceDiscovery, TakesACallable) {
  asio::io_context context;
  std::string seen;
  const auto function = [&seen](const sd::Endpoint& endpoint) -> asio::awaitable<sd::Deregister> {
    seen = endpoint.url();
    co_return nullptr;
  };
  const sd::ServiceDiscovery discovery = function;
  EXPECT_TRUE(discovery);
  // An empty result stays empty: the server counts as unregistered.
  EXPECT_FALSE(run(context, discovery.enroll({.address = "::1", .port = 2})));
  EXPECT_EQ(seen, "http://[::1]:2/metrics");
}

asio::awaitable<sd::Deregister> enroll_nothing(const sd::Endpoint&) { co_return sd::Deregister(); }

TEST(ServiceDiscovery, TakesAFunctionByItsName) {
  asio::io_context context;
  const sd::ServiceDiscovery discovery = enroll_nothing;
  EXPECT_TRUE(discovery);
  EXPECT_FALSE(run(context, discovery.enroll({.port = 1})));
}

asio::awaitable<void> nothing() { co_return; }

TEST(Deregister, IsRegisteredUntilToldOtherwise) {
  EXPECT_FALSE(sd::Deregister().is_registered());
  EXPECT_FALSE(sd::Deregister(nullptr).is_registered());
  EXPECT_TRUE(sd::Deregister(nothing).is_registered());
  bool is_there = true;
  const sd::Deregister deregister(nothing, [&] { return is_there; });
  EXPECT_TRUE(deregister.is_registered());
  is_there = false;
  EXPECT_FALSE(deregister.is_registered());
}

TEST(ServiceDiscovery, PassesTheExceptionOn) {
  asio::io_context context;
  const sd::ServiceDiscovery discovery = [](const sd::Endpoint&) -> asio::awaitable<sd::Deregister> {
    throw std::domain_error("full");
    co_return nullptr;
  };
  EXPECT_THROW(run(context, discovery.enroll({})), std::domain_error);
}

// Both coroutines use the discovery object, here after a suspension, although nothing else keeps it.
struct Counting {
  std::shared_ptr<int> enrolled = std::make_shared<int>(0);

  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint&) {
    co_await asio::post(asio::use_awaitable);
    ++*enrolled;
    co_return [this]() -> asio::awaitable<void> {
      co_await asio::post(asio::use_awaitable);
      --*enrolled;
    };
  }
};

TEST(ServiceDiscovery, KeepsTheDiscoveryAliveWhileItIsUsed) {
  asio::io_context context;
  Counting counting;
  const std::weak_ptr<int> watched = counting.enrolled;
  auto enrolling = testing::start(context, sd::ServiceDiscovery(std::move(counting)).enroll({}));
  sd::Deregister deregister = testing::finish(context, *enrolling);
  enrolling.reset();
  EXPECT_EQ(*watched.lock(), 1);

  asio::awaitable<void> leaving = deregister();
  deregister = nullptr;
  const auto left = watched.lock();
  run(context, std::move(leaving));
  EXPECT_EQ(*left, 0);
  EXPECT_EQ(left.use_count(), 1);
}

TEST(ServiceDiscovery, CopiesShareTheDiscovery) {
  asio::io_context context;
  Counting counting;
  const auto count = counting.enrolled;
  const sd::ServiceDiscovery one = counting;
  const sd::ServiceDiscovery other = one;  // NOLINT(performance-unnecessary-copy-initialization): the point
  const sd::Deregister first = run(context, one.enroll({}));
  const sd::Deregister second = run(context, other.enroll({}));
  EXPECT_EQ(*count, 2);
}

// A discovery need not be copyable, and what is none does not convert.
struct MoveOnly {
  std::unique_ptr<int> state;
  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint&) { co_return nullptr; }
};
static_assert(std::is_constructible_v<sd::ServiceDiscovery, MoveOnly>);
static_assert(sd::Discovery<Announce> && sd::Discovery<sd::ConsulAgent> && sd::Discovery<sd::ServiceDiscovery>);
static_assert(!std::is_convertible_v<int, sd::ServiceDiscovery>);
static_assert(!std::is_convertible_v<sd::Deregister, sd::ServiceDiscovery>);

}  // namespace
}  // namespace prometheus_async
