// SPDX-License-Identifier: Apache-2.0
//
// A probe says what is recorded when an operation begins and ends; the folders `aio` and `tx` say when that is. A new
// metric idea is one probe, and serves every kind of asynchronous operation.
//
//   class BytesProbe {                                   // a probe of your own: three members
//    public:
//     using clock = metrics::NoClock;                    // or the clock that it reads
//     struct State {};                                   // what lives from begin to end
//     State begin(clock::time_point) const noexcept;
//     void end(State&, clock::time_point, const metrics::Ending&) const noexcept;
//   };
//   auto handler = aio::Wrapper(BytesProbe()) | raw_handler;
#ifndef PROMETHEUS_ASYNC_METRICS_PROBE_H_
#define PROMETHEUS_ASYNC_METRICS_PROBE_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "metrics/clock.h"
#include "metrics/ending.h"

namespace prometheus_async::metrics {

// A probe is copied into every span that it begins, so it is small: pointers to metrics, and filters.
// `begin` and `end` are called once each, in that order, perhaps on different threads, never at the same time.
template <class P>
concept Probe = std::copy_constructible<P> && requires(const P& probe, typename P::State& state,
                                                       typename P::clock::time_point now, const Ending& ending) {
  requires Clock<typename P::clock>;
  { probe.begin(now) } noexcept -> std::same_as<typename P::State>;
  { probe.end(state, now, ending) } noexcept;
};

namespace internal {

template <class A, class B>
struct CommonClock;
template <class C>
struct CommonClock<C, C> : std::type_identity<C> {};
template <class C>
  requires(!std::same_as<C, NoClock>)
struct CommonClock<C, NoClock> : std::type_identity<C> {};
template <class C>
  requires(!std::same_as<C, NoClock>)
struct CommonClock<NoClock, C> : std::type_identity<C> {};

// The reading for probe P out of the one reading that a combination made.
template <class P, class TimePoint>
constexpr typename P::clock::time_point reading_for(TimePoint now) noexcept {
  if constexpr (std::same_as<typename P::clock, NoClock>) {
    return {};
  } else {
    return now;
  }
}

}  // namespace internal

// Two probes as one, with one clock reading at each end. `Outer` begins first and ends last, as nested calls would.
template <Probe Outer, Probe Inner>
class BothProbes {
 public:
  static_assert(
      requires { typename internal::CommonClock<typename Outer::clock, typename Inner::clock>::type; },
      "prometheus_async: wrappers that are composed share one clock reading, so they use one clock");
  using clock = typename internal::CommonClock<typename Outer::clock, typename Inner::clock>::type;
  struct State {
    [[no_unique_address]] typename Outer::State outer;
    [[no_unique_address]] typename Inner::State inner;
  };

  BothProbes(Outer outer, Inner inner) : outer_(std::move(outer)), inner_(std::move(inner)) {}

  State begin(typename clock::time_point now) const noexcept {
    // Braces evaluate in order.
    return {outer_.begin(internal::reading_for<Outer>(now)), inner_.begin(internal::reading_for<Inner>(now))};
  }
  void end(State& state, typename clock::time_point now, const Ending& ending) const noexcept {
    inner_.end(state.inner, internal::reading_for<Inner>(now), ending);
    outer_.end(state.outer, internal::reading_for<Outer>(now), ending);
  }

 private:
  [[no_unique_address]] Outer outer_;
  [[no_unique_address]] Inner inner_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_PROBE_H_
