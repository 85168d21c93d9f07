// SPDX-License-Identifier: Apache-2.0
//
// What an event loop is at: how late it runs what is due, how busy its threads are, how many handlers it has run.
//
//   const auto loops = std::make_shared<aio::LoopCollector>();
//   metrics::default_registry().add(loops);
//
//   asio::io_context context;
//   aio::WatchedLoop loop = loops->watch(context, "main");
//   loop.run();                                                // where context.run() was
//
// Nothing is watched that is not asked for here.
#ifndef PROMETHEUS_ASYNC_AIO_LOOP_COLLECTOR_H_
#define PROMETHEUS_ASYNC_AIO_LOOP_COLLECTOR_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "metrics/buckets.h"
#include "metrics/collector.h"

namespace prometheus_async::aio {

namespace internal {
class Loop;
class Loops;
}  // namespace internal

struct LoopCollectorOptions {
  // How often a loop's lag is measured. Zero or less: never, and the loop gets no timer.
  std::chrono::steady_clock::duration probe_interval = std::chrono::milliseconds(100);

  // Of asio_loop_lag_seconds. An idle loop is some 0.1 ms late.
  metrics::Buckets lag_buckets = {.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5};
};

// That this thread runs a loop, from its construction until it is destroyed, on the same thread.
class [[nodiscard]] LoopThread {
 public:
  explicit LoopThread(std::shared_ptr<internal::Loop> loop);
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread();

 private:
  const std::shared_ptr<internal::Loop> loop_;
  std::size_t seat_;
};

// A loop under watch, until this is destroyed: then its series are gone from the page.
//
// Lifetime: outlives the calls of run(); may outlive the collector, and the loop. What waits in the loop goes with it,
// or at its next expiry once this is gone.
//
// Threads: run() and enter() are safe from any thread.
class [[nodiscard]] WatchedLoop {
 public:
  WatchedLoop(WatchedLoop&& other) noexcept;
  WatchedLoop& operator=(WatchedLoop&&) = delete;
  ~WatchedLoop();

  // Runs handlers as io_context::run() does: until there is no more work or the loop is stopped; what a handler throws
  // comes out. Returns how many ran. Several threads may be in it.
  //
  // Cost: some 40 ns a handler, since Asio tells of each only when asked for one at a time.
  std::size_t run();

  // For a thread that runs the loop in another way, with run_for() or within a framework: it counts as a thread of the
  // loop, and its time as the loop's, until the result is destroyed. Handlers are not counted. Costs nothing a handler.
  // REQUIRES: the thread is not in run() or enter() of this loop already.
  LoopThread enter();

 private:
  friend class LoopCollector;
  WatchedLoop(boost::asio::io_context& context, std::shared_ptr<internal::Loops> loops,
              std::shared_ptr<internal::Loop> loop);

  boost::asio::io_context* context_;
  std::shared_ptr<internal::Loops> loops_;  // null once moved from
  std::shared_ptr<internal::Loop> loop_;
};

// The metrics of any number of loops, told apart by the label `loop`:
//
//   asio_loop_lag_seconds         from a timer's expiry to its handler's run, probed at an interval; a histogram
//   asio_loop_threads             threads that run the loop now
//   asio_loop_busy_seconds_total  CPU time of these threads while they run it
//   asio_handlers_total           handlers run, those of the probe included
//
// The lag is known however the loop is run. Threads and busy time need WatchedLoop's run() or enter(), handlers its
// run(): Asio tells them to nobody else, but for a macro that every source file of a program has to agree on. A loop of
// which something is not known has no such series.
//
// A handler that waits without computing, in a lock or for a file, makes lag and no busy time. Time in which nobody
// runs the loop is lag too.
//
// The probe does not keep the loop running: run() returns when all other work is done, as without it.
//
// Cost: a timer and its handler at each interval, some microseconds; two clock readings of each thread at a scrape.
// Threads: every member is safe from any thread.
class LoopCollector final : public metrics::Collector {
 public:
  // Throws std::invalid_argument for bounds that checked_buckets() refuses.
  explicit LoopCollector(LoopCollectorOptions options = {});
  ~LoopCollector() override;

  // Watches `context` as `name`, the value of the label. Throws std::invalid_argument, naming the loop, if the name is
  // empty or that of another loop under watch here.
  WatchedLoop watch(boost::asio::io_context& context, std::string_view name);

  std::vector<metrics::FamilyInfo> describe() const override;
  void collect(metrics::Sink& sink) const override;

 private:
  const LoopCollectorOptions options_;
  const std::shared_ptr<internal::Loops> loops_;
};

}  // namespace prometheus_async::aio

#endif  // PROMETHEUS_ASYNC_AIO_LOOP_COLLECTOR_H_
