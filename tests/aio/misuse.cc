// SPDX-License-Identifier: Apache-2.0
//
// Uses of the wrappers that must not compile, one for each macro; with NOTHING_WRONG, it does.
#include <future>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/coro.hpp>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
#include "metrics/registry.h"

namespace aio = prometheus_async::aio;
namespace metrics = prometheus_async::metrics;

metrics::Counter counter;
metrics::Gauge gauge;
metrics::Histogram histogram;
metrics::HistogramFamily<1>& family();
boost::asio::awaitable<void> fetch();
boost::asio::experimental::coro<int> count_asynchronously();

// As std::generator and its likes.
struct Counting {
  struct promise_type;
  const int* begin();
  const int* end();
};
Counting count();

void use() {
#if defined(NOTHING_WRONG)
  (void)aio::time(histogram, fetch());
#elif defined(GAUGE_IN_TIME)
  (void)aio::time(gauge);
#elif defined(COUNTER_IN_TIME)
  (void)aio::time(counter, fetch());
#elif defined(FAMILY_IN_TIME)
  (void)aio::time(family());
#elif defined(HISTOGRAM_IN_COUNT)
  (void)aio::count_exceptions(histogram);
#elif defined(COUNTER_IN_TRACK)
  (void)aio::track_inprogress(counter);
#elif defined(SELECTOR_IN_TRACK)
  (void)aio::track_inprogress(metrics::choose([](const metrics::Ending&) -> metrics::Gauge& { return gauge; }));
#elif defined(TEMPORARY_METRIC)
  (void)aio::time(metrics::Histogram());
#elif defined(NUMBER_AS_AWAITABLE)
  (void)aio::time(histogram, 42);
#elif defined(LVALUE_AWAITABLE)
  boost::asio::awaitable<void> awaitable = fetch();
  (void)aio::time(histogram, awaitable);
#elif defined(STANDARD_FUTURE)
  (void)aio::time(histogram)([] { return std::async([] { return 1; }); })();
#elif defined(ASYNCHRONOUS_GENERATOR)
  (void)aio::time(histogram)(count_asynchronously)();
#elif defined(RANGE_GENERATOR)
  (void)aio::time(histogram)(count)();
#elif defined(PIECES_WITHOUT_END)
  (void)aio::time(histogram).stream([] { return std::string(); })();
#elif defined(TOO_FEW_LABELS)
  (void)family().labels();
#elif defined(WRONG_ARGUMENT)
  (void)aio::time(histogram)([](int) {})(std::string("not a number"));
#endif
}
