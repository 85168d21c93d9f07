// SPDX-License-Identifier: Apache-2.0
//
// One operation under measurement: begun by a probe, ended exactly once. The wrappers keep spans for you; hold one
// yourself for code that is neither a function nor an awaitable, such as a session that callbacks move along.
//
//   struct Session {
//     metrics::Span<metrics::InProgressProbe<metrics::Gauge>> open;   // Session{metrics::Span(probe)} raises the gauge
//   };
//   session.open.finish();                                            // lowered; so it is if the session is dropped
//
// and for a stretch of code, a scope:
//
//   {
//     const metrics::Scope timing(metrics::time_probe(seconds));
//     parse();
//   }                                                                 // observed here, also when parse() throws
//
// metrics/timer.h has that shorter, for time alone.
#ifndef PROMETHEUS_ASYNC_METRICS_SPAN_H_
#define PROMETHEUS_ASYNC_METRICS_SPAN_H_

#include <concepts>
#include <exception>
#include <system_error>
#include <utility>

#include "metrics/ending.h"
#include "metrics/probe.h"

namespace prometheus_async::metrics {

// Move-only; allocates nothing. Begins when constructed. The first of finish, fail, cancel, end ends it, further ones
// do nothing; destroying it ends it as abandoned.
//
// Threads: may begin on one thread and end on another; not to be used by two at a time.
// Lifetime: the probe's metrics outlive the span.
template <Probe P>
class [[nodiscard]] Span {
 public:
  explicit Span(P probe) : probe_(std::move(probe)), state_(probe_.begin(P::clock::now())) {}
  Span(Span&& other) noexcept
      : probe_(std::move(other.probe_)), state_(std::move(other.state_)), live_(std::exchange(other.live_, false)) {}
  Span& operator=(Span&&) = delete;
  ~Span() {
    if (live_) end(Ending::abandoned());
  }

  void finish() noexcept { end(Ending::value()); }
  void fail(const std::exception_ptr& exception) noexcept { end(Ending::thrown(exception)); }
  void fail(std::error_code code) noexcept { end(Ending::failed(code)); }
  void cancel() noexcept { end(Ending::cancelled()); }

  void end(const Ending& ending) noexcept {
    if (live_) end(ending, P::clock::now());
  }

  // The same with a reading of the probe's clock that is at hand.
  void end(const Ending& ending, typename P::clock::time_point now) noexcept {
    if (!std::exchange(live_, false)) return;
    probe_.end(state_, now, ending);
  }

  // What the probe keeps from begin to end: a TimeProbe, the reading at the begin.
  const typename P::State& state() const noexcept { return state_; }

 private:
  [[no_unique_address]] P probe_;
  [[no_unique_address]] typename P::State state_;
  bool live_ = true;
};

// A probe that keeps when it began, so that a duration can be told while it runs: TimeProbe.
template <class P>
concept Timing = Probe<P> && std::same_as<typename P::State, typename P::clock::time_point> &&
                 requires(const typename P::clock::time_point& now) { now - now; };

// Measures from its construction to the end of its block: ends with a value, or, when an exception leaves the block, as
// an error. What ends it before makes the end of the block do nothing.
//
// Limits: the exception has no name here, so filters by type do not match it; wrap a lambda for those. In a coroutine
// use the wrappers instead: a scope that a destroyed frame drops would count as a value.
template <Probe P>
class [[nodiscard]] Scope {
 public:
  explicit Scope(P probe) : exceptions_(std::uncaught_exceptions()), span_(std::move(probe)) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { span_.end(std::uncaught_exceptions() > exceptions_ ? Ending::unnamed_error() : Ending::value()); }

  // Ends it here, with a value.
  void finish() noexcept { span_.finish(); }

  // The time since it began, whether it has ended or not.
  auto elapsed() const noexcept
    requires Timing<P>
  {
    return P::clock::now() - span_.state();
  }

  // Ends it here, with a value. Returns the duration that was observed; elapsed() if it had ended before.
  auto observe_duration() noexcept
    requires Timing<P>
  {
    const auto now = P::clock::now();
    span_.end(Ending::value(), now);
    return now - span_.state();
  }

 private:
  int exceptions_;
  Span<P> span_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_SPAN_H_
