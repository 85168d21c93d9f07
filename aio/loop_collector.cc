// SPDX-License-Identifier: Apache-2.0
#include "aio/loop_collector.h"

#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "aio/internal/loop.h"

namespace prometheus_async::aio {

namespace asio = boost::asio;

using internal::Loop;
using internal::Loops;
using metrics::FamilyInfo;
using metrics::MetricType;

namespace {

using Clock = std::chrono::steady_clock;

// Waits in the loop for a timer, over and over, and observes how late it is run. Owned by the handler that waits for
// it, so that it ends with the loop if not before.
class Probe {
 public:
  static void start(asio::io_context& context, std::shared_ptr<Loop> loop, Clock::duration interval) {
    auto probe = std::make_unique<Probe>(context, std::move(loop), interval);
    // Not from here: if the loop has no other work yet, taking back that of the wait would stop it for good.
    asio::post(context, [probe = std::move(probe)]() mutable { wait(std::move(probe)); });
  }

  Probe(asio::io_context& context, std::shared_ptr<Loop> loop, Clock::duration interval)
      : timer_(context), executor_(context.get_executor()), loop_(std::move(loop)), interval_(interval) {}

 private:
  static void wait(std::unique_ptr<Probe> probe) {
    asio::steady_timer& timer = probe->timer_;
    const asio::io_context::executor_type executor = probe->executor_;
    timer.expires_after(probe->interval_);
    timer.async_wait([probe = std::move(probe)](const boost::system::error_code& error) mutable {
      probe->executor_.on_work_started();  // the loop is about to count this handler as done
      if (error || !probe->loop_->is_watched()) return;
      probe->loop_->lag.Observe(std::chrono::duration<double>(Clock::now() - probe->timer_.expiry()).count());
      wait(std::move(probe));
    });
    // The loop counts the wait as work and would not end while it has any. From here the probe may be gone.
    executor.on_work_finished();
  }

  asio::steady_timer timer_;
  const asio::io_context::executor_type executor_;
  const std::shared_ptr<Loop> loop_;
  const Clock::duration interval_;
};

const FamilyInfo& lag_info() {
  static const auto& info = *new FamilyInfo{"asio_loop_lag_seconds", "Time from a timer's expiry to its handler's run.",
                                            MetricType::kHistogram, "seconds"};
  return info;
}
const FamilyInfo& threads_info() {
  static const auto& info =
      *new FamilyInfo{"asio_loop_threads", "Threads that run the event loop.", MetricType::kGauge};
  return info;
}
const FamilyInfo& busy_info() {
  static const auto& info =
      *new FamilyInfo{"asio_loop_busy_seconds_total", "CPU time of the threads of the event loop while they run it.",
                      MetricType::kCounter, "seconds"};
  return info;
}
const FamilyInfo& handlers_info() {
  static const auto& info =
      *new FamilyInfo{"asio_handlers_total", "Handlers that the event loop has run.", MetricType::kCounter};
  return info;
}

// Opens its family before the first series of it.
class Opening {
 public:
  Opening(metrics::Sink& sink, const FamilyInfo& info) : sink_(sink), info_(info) {}
  metrics::Sink& sink() {
    if (!std::exchange(open_, true)) sink_.family(info_);
    return sink_;
  }

 private:
  metrics::Sink& sink_;
  const FamilyInfo& info_;
  bool open_ = false;
};

}  // namespace

LoopThread::LoopThread(std::shared_ptr<Loop> loop) : loop_(std::move(loop)), seat_(loop_->enter()) {}
LoopThread::~LoopThread() { loop_->leave(seat_); }

WatchedLoop::WatchedLoop(asio::io_context& context, std::shared_ptr<Loops> loops, std::shared_ptr<Loop> loop)
    : context_(&context), loops_(std::move(loops)), loop_(std::move(loop)) {}

WatchedLoop::WatchedLoop(WatchedLoop&& other) noexcept = default;

WatchedLoop::~WatchedLoop() {
  if (loops_ == nullptr) return;
  loop_->stop_watching();
  loops_->remove(*loop_);
}

LoopThread WatchedLoop::enter() { return LoopThread(loop_); }

std::size_t WatchedLoop::run() {
  const LoopThread here = enter();
  loop_->counts_handlers();
  for (std::size_t count = 0;; ++count) {
    try {
      if (context_->run_one() == 0) return count;
    } catch (...) {
      loop_->handlers.Increment();
      throw;
    }
    loop_->handlers.Increment();
  }
}

LoopCollector::LoopCollector(LoopCollectorOptions options)
    : options_{options.probe_interval, metrics::checked_buckets(lag_info().name, std::move(options.lag_buckets))},
      loops_(std::make_shared<Loops>()) {}

LoopCollector::~LoopCollector() = default;

WatchedLoop LoopCollector::watch(asio::io_context& context, std::string_view name) {
  if (name.empty()) throw std::invalid_argument("LoopCollector: a loop must have a name");
  auto loop = std::make_shared<Loop>(name, options_.lag_buckets);
  loops_->add(loop);
  WatchedLoop watched(context, loops_, loop);
  if (options_.probe_interval > Clock::duration::zero()) {
    Probe::start(context, std::move(loop), options_.probe_interval);
  }
  return watched;
}

std::vector<FamilyInfo> LoopCollector::describe() const {
  return {lag_info(), threads_info(), busy_info(), handlers_info()};
}

void LoopCollector::collect(metrics::Sink& sink) const {
  const std::vector<std::shared_ptr<Loop>> loops = loops_->all();
  if (options_.probe_interval > Clock::duration::zero()) {
    Opening lag(sink, lag_info());
    for (const auto& loop : loops) lag.sink().histogram(loop->labels(), loop->lag.snapshot());
  }
  Opening threads(sink, threads_info());
  for (const auto& loop : loops) {
    if (const auto work = loop->work()) threads.sink().value(loop->labels(), static_cast<double>(work->threads));
  }
  Opening busy(sink, busy_info());
  for (const auto& loop : loops) {
    if (const auto work = loop->work()) {
      busy.sink().counter(loop->labels(), {.part = work->busy_seconds, .created = loop->handlers.snapshot().created});
    }
  }
  Opening handlers(sink, handlers_info());
  for (const auto& loop : loops) {
    if (loop->has_handlers()) handlers.sink().counter(loop->labels(), loop->handlers.snapshot());
  }
}

}  // namespace prometheus_async::aio
