// SPDX-License-Identifier: Apache-2.0
//
// Uses of Deferreds and their wrappers that must not compile, one for each macro; with NOTHING_WRONG, it does.
#include <coroutine>
#include <future>
#include <string>
#include <utility>

#include "metrics/registry.h"
#include "tx/deferred.h"
#include "tx/promise.h"
#include "tx/time.h"

namespace metrics = prometheus_async::metrics;
namespace tx = prometheus_async::tx;

metrics::Gauge gauge;
metrics::Histogram histogram;
tx::Deferred<int> fetch();
tx::Deferred<int>& kept();

struct ThrowingMove {
  ThrowingMove(ThrowingMove&&) noexcept(false);
};

tx::Deferred<int> use() {
#if defined(NOTHING_WRONG)
  (void)tx::time(histogram, fetch());
#elif defined(CALLBACK_ON_AN_LVALUE)
  kept().add_callback([](int n) { return n; });
#elif defined(BOTH_ON_AN_LVALUE)
  kept().add_both([](tx::Result<int>&&) { return 1; });
#elif defined(WRONG_CALLBACK)
  (void)fetch().add_callback([](const std::string&) {});
#elif defined(WRONG_ERRBACK)
  (void)fetch().add_errback([](int) { return 1; });
#elif defined(ERRBACK_OF_ANOTHER_TYPE)
  (void)fetch().add_errback([](tx::Failure&&) { return std::string(); });
#elif defined(ERRBACK_WITHOUT_VALUE)
  (void)fetch().add_errback([](tx::Failure&&) {});
#elif defined(CALLBACK_RETURNS_A_REFERENCE)
  static int number;
  (void)fetch().add_callback([](int) -> int& { return number; });
#elif defined(CALLBACK_RETURNS_ONLY_A_FAILURE)
  (void)fetch().add_callback([](int) { return tx::Failure::make<std::runtime_error>("x"); });
#elif defined(OF_A_REFERENCE)
  tx::Promise<int&> promise;
  (void)promise.get_deferred();
#elif defined(OF_A_DEFERRED)
  tx::Promise<tx::Deferred<int> > promise;
  (void)promise.get_deferred();
#elif defined(OF_A_THROWING_MOVE)
  tx::Promise<ThrowingMove> promise;
  (void)promise.get_deferred();
#elif defined(AWAITED_AS_AN_LVALUE)
  tx::Deferred<int> d = fetch();
  co_return co_await d;
#elif defined(AWAITS_SOMETHING_ELSE)
  co_await std::suspend_always();
#elif defined(GAUGE_IN_TIME)
  (void)tx::time(gauge, fetch());
#elif defined(FUTURE_IN_TIME)
  (void)tx::time(histogram)([] { return std::async([] { return 1; }); })();
#elif defined(COPIED)
  tx::Deferred<int> d = kept();
#endif
  co_return 1;
}
