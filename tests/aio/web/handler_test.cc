// SPDX-License-Identifier: Apache-2.0

#include "aio/web/handler.h"

#include <memory>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "aio/time.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;

std::string answer(const Handler& handler) {
  FakeRequest request("GET", "/x");
  return std::string(get_now(handler(request.request())).body.view());
}

Response plain_function(Request& request) { return text(std::string(request.path())); }
asio::awaitable<Response> coroutine(Request& request) { co_return text(std::string(request.path())); }

struct Functor {
  asio::awaitable<Response> operator()(Request&) const { co_return text("functor"); }
};

// As the wrappers of aio are: a template that knows nothing of requests.
struct Decorated {
  template <class... Args>
  auto operator()(Args&&... args) const {
    return coroutine(std::forward<Args>(args)...);
  }
};

TEST(Handler, ReadsAsInTheHeader) {
  Handler hello = [](Request&) -> asio::awaitable<Response> { co_return text("hello"); };
  Handler health = [](Request&) { return text("ok"); };
  EXPECT_EQ(answer(hello), "hello");
  EXPECT_EQ(answer(health), "ok");
}

TEST(Handler, IsMadeOfAnythingThatAnswers) {
  EXPECT_EQ(answer(plain_function), "/x");
  EXPECT_EQ(answer(coroutine), "/x");
  EXPECT_EQ(answer(&coroutine), "/x");
  EXPECT_EQ(answer(Functor()), "functor");
  EXPECT_EQ(answer(Decorated()), "/x");
  const Functor functor;
  EXPECT_EQ(answer(functor), "functor");
}

TEST(Handler, IsMadeOfADecoratedFunction) {
  metrics::Registry registry;
  const auto timed = time(registry.histogram("seconds", "time of a request"))(coroutine);
  EXPECT_EQ(answer(timed), "/x");
  EXPECT_EQ(registry.get_sample_value("seconds_count"), 1);
}

TEST(Handler, KeepsCapturesOfACoroutineLambda) {
  Handler handler = [big = std::string(100, 'x')](Request&) -> asio::awaitable<Response> { co_return text(big); };
  const Handler moved = std::move(handler);
  EXPECT_EQ(answer(moved), std::string(100, 'x'));
  EXPECT_EQ(answer(moved), std::string(100, 'x'));
}

TEST(Handler, TakesWhatCanOnlyBeMoved) {
  const Handler plain = [number = std::make_unique<int>(5)](Request&) { return text(std::to_string(*number)); };
  const Handler awaited = [number = std::make_unique<int>(6)](Request&) -> asio::awaitable<Response> {
    co_return text(std::to_string(*number));
  };
  EXPECT_EQ(answer(plain), "5");
  EXPECT_EQ(answer(awaited), "6");
}

TEST(Handler, IsMadeOfNothingElse) {
  static_assert(!std::is_constructible_v<Handler, int>);
  static_assert(!std::is_constructible_v<Handler, decltype([](int) { return text(""); })>);
  static_assert(!std::is_constructible_v<Handler, decltype([](Request&) { return std::string(); })>);
  static_assert(!std::is_constructible_v<Handler, decltype([](Request&) -> asio::awaitable<void> { co_return; })>);
  static_assert(std::is_copy_constructible_v<Handler>);
}

}  // namespace
}  // namespace prometheus_async::aio::web
