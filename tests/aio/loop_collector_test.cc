// SPDX-License-Identifier: Apache-2.0
#include "aio/loop_collector.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "metrics/collector.h"
#include "metrics/registry.h"
#include "tests/testing/error_of.h"
#include "tests/testing/recording_sink.h"
#include "tests/testing/run.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::error_of;
using prometheus_async::testing::RecordingSink;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using testing::run_until;
using namespace std::chrono_literals;

constexpr const char* kLagCount = "asio_loop_lag_seconds_count{loop=\"main\"}";
constexpr const char* kLagSum = "asio_loop_lag_seconds_sum{loop=\"main\"}";
constexpr const char* kThreads = "asio_loop_threads{loop=\"main\"}";
constexpr const char* kBusy = "asio_loop_busy_seconds_total{loop=\"main\"}";
constexpr const char* kHandlers = "asio_handlers_total{loop=\"main\"}";

const LoopCollectorOptions kNoProbe{.probe_interval = 0s};
const LoopCollectorOptions kFastProbe{.probe_interval = 1ms};

std::map<std::string, double> values_of(const LoopCollector& collector) { return RecordingSink(collector).values; }

void burn(std::chrono::milliseconds cpu_time) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto begin = now();
  while (now() - begin < cpu_time) {
  }
}

// The example of aio/loop_collector.h.
TEST(LoopCollector, IsShownByARegistry) {
  const auto loops = std::make_shared<aio::LoopCollector>();
  metrics::default_registry().add(loops);

  asio::io_context context;
  aio::WatchedLoop loop = loops->watch(context, "main");
  asio::post(context, [] {});
  loop.run();
  EXPECT_EQ(metrics::default_registry().get_sample_value("asio_loop_threads", {{"loop", "main"}}), 0);
  EXPECT_EQ(metrics::default_registry().get_sample_value("asio_handlers_total", {{"loop", "main"}}), 2)
      << "the one above, and the one that started the probe";
  EXPECT_EQ(metrics::default_registry().get_sample_value("asio_loop_lag_seconds_count", {{"loop", "main"}}), 0);
}

TEST(LoopCollector, WritesOnlyWhatItDescribes) {
  LoopCollector collector;
  std::set<std::string> described;
  for (const metrics::FamilyInfo& info : collector.describe()) {
    described.insert(std::string(to_string(info.type)) + " " + info.name +
                     (info.unit.empty() ? "" : " [" + info.unit + "]"));
  }
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  loop.run();
  std::set<std::string> written;
  for (const std::string& line : RecordingSink(collector).lines) {
    if (!line.starts_with('{')) {
      EXPECT_TRUE(written.insert(line).second) << line;
    }
  }
  EXPECT_EQ(written, described);
  EXPECT_EQ(written.size(), 4u);
}

TEST(LoopCollector, TellsLoopsApart) {
  LoopCollector collector(kNoProbe);
  asio::io_context first, second;
  WatchedLoop a = collector.watch(first, "a");
  WatchedLoop b = collector.watch(second, "b");
  asio::post(second, [] {});
  a.run();
  b.run();
  const auto values = values_of(collector);
  EXPECT_EQ(values.at("asio_handlers_total{loop=\"a\"}"), 0);
  EXPECT_EQ(values.at("asio_handlers_total{loop=\"b\"}"), 1);
}

TEST(LoopCollector, RefusesNamesThatTellNothingApart) {
  LoopCollector collector;
  asio::io_context context;
  std::optional<WatchedLoop> loop(collector.watch(context, "main"));
  EXPECT_THAT(error_of<std::invalid_argument>([&] { (void)collector.watch(context, ""); }),
              HasSubstr("a loop must have a name"));
  EXPECT_THAT(error_of<std::invalid_argument>([&] { (void)collector.watch(context, "main"); }),
              HasSubstr("a loop \"main\" is watched already"));
  loop.reset();
  loop.emplace(collector.watch(context, "main"));
}

TEST(LoopCollector, RefusesBadBounds) {
  EXPECT_THAT(error_of<std::invalid_argument>([] { LoopCollector({.lag_buckets = {2, 1}}); }),
              HasSubstr("histogram \"asio_loop_lag_seconds\": bucket bounds must ascend"));
}

// ---- run() and enter()

TEST(LoopCollector, CountsHandlers) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  int left = 9;
  const auto again = [&](const auto& self) -> void {
    if (left-- > 0) asio::post(context, [&, self] { self(self); });
  };
  asio::post(context, [&] { again(again); });
  EXPECT_EQ(loop.run(), 10u);
  EXPECT_EQ(values_of(collector).at(kHandlers), 10);
  context.restart();
  EXPECT_EQ(loop.run(), 0u);
  EXPECT_EQ(values_of(collector).at(kHandlers), 10);
}

// A long batch of handlers is seen while it goes on.
TEST(LoopCollector, CountsHandlersAsTheyRun) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  std::vector<double> seen;
  for (int i = 0; i < 3; ++i) asio::post(context, [&] { seen.push_back(values_of(collector).at(kHandlers)); });
  loop.run();
  EXPECT_THAT(seen, ::testing::ElementsAre(0, 1, 2)) << "those that have ended";
}

TEST(LoopCollector, LetsExceptionsOutAsTheLoopDoes) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  asio::post(context, [] { throw std::runtime_error("handler"); });
  asio::post(context, [] {});
  EXPECT_EQ(error_of<std::runtime_error>([&] { loop.run(); }), "handler");
  EXPECT_EQ(values_of(collector).at(kThreads), 0);
  EXPECT_EQ(values_of(collector).at(kHandlers), 1);
  EXPECT_EQ(loop.run(), 1u);
  EXPECT_EQ(values_of(collector).at(kHandlers), 2);
}

TEST(LoopCollector, ReturnsWhenTheLoopIsStopped) {
  LoopCollector collector(kFastProbe);
  asio::io_context context;
  const auto work = asio::make_work_guard(context);
  WatchedLoop loop = collector.watch(context, "main");
  asio::post(context, [&] { context.stop(); });
  EXPECT_GE(loop.run(), 1u);
  EXPECT_EQ(values_of(collector).at(kThreads), 0);
}

TEST(LoopCollector, CountsTheThreadsInRun) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  std::barrier both(2);
  std::atomic<double> threads = 0;
  for (int i = 0; i < 2; ++i) {
    asio::post(context, [&] {
      both.arrive_and_wait();  // each in a handler of its own
      threads = values_of(collector).at(kThreads);
      both.arrive_and_wait();
    });
  }
  std::thread other([&] { loop.run(); });
  loop.run();
  other.join();
  EXPECT_EQ(threads, 2);
  EXPECT_EQ(values_of(collector).at(kThreads), 0);
}

TEST(LoopCollector, CountsBusyTimeWhileTheThreadRunsAndAfter) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  double during = 0;
  asio::post(context, [&] {
    burn(20ms);
    during = values_of(collector).at(kBusy);
  });
  loop.run();
  const double after = values_of(collector).at(kBusy);
  EXPECT_GE(during, 0.02);
  EXPECT_GE(after, during);
  burn(20ms);
  EXPECT_EQ(values_of(collector).at(kBusy), after) << "the thread has left the loop";
  context.restart();
  asio::post(context, [] { burn(20ms); });
  loop.run();
  EXPECT_GE(values_of(collector).at(kBusy), after + 0.02);
}

// Another thread asks while the loop's is at work: its clock is read across threads.
TEST(LoopCollector, IsScrapedFromOtherThreads) {
  LoopCollector collector(kFastProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  std::atomic<bool> stop = false;
  const auto again = [&](const auto& self) -> void {
    if (!stop) asio::post(context, [&, self] { self(self); });
  };
  asio::post(context, [&] { again(again); });
  std::vector<std::thread> threads;
  threads.emplace_back([&] { loop.run(); });
  threads.emplace_back([&] { loop.run(); });
  // Counters never fall, whatever comes and goes.
  std::map<std::string, double> last;
  while (last[kHandlers] < 100 || last[kLagCount] < 3) {
    {
      const LoopThread visitor = loop.enter();
    }
    auto values = values_of(collector);
    for (const char* const counter : {kHandlers, kBusy, kLagCount}) EXPECT_GE(values[counter], last[counter]);
    last = std::move(values);
  }
  stop = true;
  for (auto& thread : threads) thread.join();
}

TEST(LoopCollector, EnterKnowsThreadsAndTimeAndNoHandlers) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  EXPECT_THAT(RecordingSink(collector).lines, IsEmpty()) << "nothing is known, and nothing is said";
  {
    const LoopThread here = loop.enter();
    burn(10ms);
    context.run();
    EXPECT_EQ(values_of(collector).at(kThreads), 1);
  }
  EXPECT_EQ(values_of(collector).at(kThreads), 0);
  EXPECT_GE(values_of(collector).at(kBusy), 0.01);
  EXPECT_THAT(values_of(collector), Not(Contains(Key(kHandlers))));
}

// ---- the probe

TEST(LoopProbe, MeasuresHoweverTheLoopIsRun) {
  LoopCollector collector(kFastProbe);
  asio::io_context context;
  const auto work = asio::make_work_guard(context);
  WatchedLoop loop = collector.watch(context, "main");
  EXPECT_TRUE(run_until(context, [&] { return values_of(collector).at(kLagCount) >= 3; }));
  EXPECT_GE(values_of(collector).at(kLagSum), 0);
}

TEST(LoopProbe, SeesAHandlerThatHoldsTheLoopUp) {
  LoopCollector collector(kFastProbe);
  asio::io_context context;
  const auto work = asio::make_work_guard(context);
  WatchedLoop loop = collector.watch(context, "main");
  ASSERT_TRUE(run_until(context, [&] { return values_of(collector).at(kLagCount) >= 1; }));
  const auto before = values_of(collector);
  bool done = false;
  asio::post(context, [&] {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 50ms) {
    }
    done = true;
  });
  ASSERT_TRUE(run_until(context, [&] { return done; }));
  const double count = values_of(collector).at(kLagCount);
  ASSERT_TRUE(run_until(context, [&] { return values_of(collector).at(kLagCount) > count; }));
  // The probe expired within a millisecond of the handler's begin.
  EXPECT_GE(values_of(collector).at(kLagSum) - before.at(kLagSum), 0.049);
}

TEST(LoopProbe, CanBeLeftOut) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  EXPECT_EQ(context.run(), 0u) << "the loop has not been touched";
  EXPECT_THAT(values_of(collector), Not(Contains(Key(kLagCount))));
}

TEST(LoopProbe, DoesNotKeepTheLoopRunning) {
  LoopCollector collector(kFastProbe);
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  // By itself, before there is any work.
  EXPECT_EQ(context.run(), 1u) << "the handler that starts the probe";
  EXPECT_TRUE(context.stopped());
  for (int i = 0; i < 3; ++i) {
    // Nor after work that takes longer than the probe's interval; nor does it end the loop before that.
    context.restart();
    bool done = false;
    asio::steady_timer timer(context, 10ms);
    timer.async_wait([&](boost::system::error_code) { done = true; });
    if (i % 2 == 0) {
      loop.run();
    } else {
      context.run();
    }
    EXPECT_TRUE(done);
    EXPECT_TRUE(context.stopped());
  }
  EXPECT_GE(values_of(collector).at(kLagCount), 1);
}

TEST(LoopProbe, DoesNotKeepALoopOfSeveralThreadsRunning) {
  LoopCollector collector({.probe_interval = std::chrono::microseconds(10)});
  asio::io_context context;
  WatchedLoop loop = collector.watch(context, "main");
  for (int round = 0; round < 50; ++round) {
    context.restart();
    std::atomic<int> done = 0;
    for (int i = 0; i < 20; ++i) asio::post(context, [&] { ++done; });
    asio::steady_timer timer(context, 200us);
    timer.async_wait([&](boost::system::error_code) { ++done; });
    std::thread other([&] { loop.run(); });
    loop.run();
    other.join();
    ASSERT_EQ(done, 21) << "neither longer than the work, nor shorter";
  }
}

// ---- lifetimes

TEST(LoopLifetime, SeriesGoWithTheWatchAndSoDoesTheProbe) {
  LoopCollector collector(kFastProbe);
  asio::io_context context;
  const auto work = asio::make_work_guard(context);
  std::optional<WatchedLoop> loop(collector.watch(context, "main"));
  ASSERT_TRUE(run_until(context, [&] { return values_of(collector).at(kLagCount) >= 1; }));
  loop.reset();
  EXPECT_THAT(RecordingSink(collector).lines, Not(Contains(HasSubstr("main"))));
  EXPECT_EQ(context.run_one_for(30s), 1u) << "the wait under way ends";
  EXPECT_EQ(context.run_one_for(5ms), 0u) << "and no other begins";
}

TEST(LoopLifetime, TheLoopMayGoFirst) {
  LoopCollector collector(kFastProbe);
  std::optional<asio::io_context> context(std::in_place);
  std::optional<WatchedLoop> loop(collector.watch(*context, "main"));
  {
    const auto work = asio::make_work_guard(*context);
    ASSERT_TRUE(run_until(*context, [&] { return values_of(collector).at(kLagCount) >= 1; }));
  }
  const double count = values_of(collector).at(kLagCount);
  context.reset();
  EXPECT_EQ(values_of(collector).at(kLagCount), count) << "what it was at stays, until the watch goes";
  loop.reset();
  EXPECT_THAT(values_of(collector), IsEmpty());
}

TEST(LoopLifetime, TheLoopMayGoBeforeItEverRan) {
  LoopCollector collector(kFastProbe);
  std::optional<asio::io_context> context(std::in_place);
  WatchedLoop loop = collector.watch(*context, "main");
  context.reset();
  EXPECT_EQ(values_of(collector).at(kLagCount), 0);
}

TEST(LoopLifetime, TheCollectorMayGoFirst) {
  std::optional<LoopCollector> collector(kFastProbe);
  asio::io_context context;
  WatchedLoop loop = collector->watch(context, "main");
  collector.reset();
  bool done = false;
  asio::steady_timer timer(context, 5ms);
  timer.async_wait([&](boost::system::error_code) { done = true; });
  EXPECT_GE(loop.run(), 1u);
  EXPECT_TRUE(done);
}

TEST(LoopLifetime, AWatchCanBeMoved) {
  LoopCollector collector(kNoProbe);
  asio::io_context context;
  WatchedLoop first = collector.watch(context, "main");
  {
    WatchedLoop second(std::move(first));
    asio::post(context, [] {});
    EXPECT_EQ(second.run(), 1u);
    EXPECT_EQ(values_of(collector).at(kHandlers), 1);
  }
  EXPECT_THAT(values_of(collector), IsEmpty());
}

}  // namespace
}  // namespace prometheus_async::aio
