// SPDX-License-Identifier: Apache-2.0
//
// Waits for several Deferreds that are all needed, and gives their values.
//
//   tx::Deferred<int> total = tx::gather_results(std::move(counts)).add_callback([](std::vector<int> counts) {
//     return std::accumulate(counts.begin(), counts.end(), 0);
//   });
//
//   auto [user, orders] = co_await tx::gather_results(find_user(id), find_orders(id));
#ifndef PROMETHEUS_ASYNC_TX_GATHER_RESULTS_H_
#define PROMETHEUS_ASYNC_TX_GATHER_RESULTS_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tx/deferred.h"
#include "tx/deferred_list.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/aggregate.h"
#include "tx/result.h"

namespace prometheus_async::tx {

struct GatherOptions {
  // As of DeferredListOptions: failures after the first are dropped, else reported as unhandled.
  bool consume_errors = false;
};

// The values in the order of the inputs, or FirstError as soon as one fails; the others go on then. Nothing, once all
// have fired, for inputs of void. The rest is as of deferred_list: cancelling it cancels the inputs, for one.
//
// Semantics: twisted.internet.defer.gatherResults.
template <class T>
auto gather_results(std::vector<Deferred<T>> inputs, GatherOptions options = {}) {
  return deferred_list(std::move(inputs), {.fire_on_one_errback = true, .consume_errors = options.consume_errors})
      .add_callback([](std::vector<Result<T>> results) {
        if constexpr (!std::is_void_v<T>) {
          std::vector<T> values;
          values.reserve(results.size());
          for (Result<T>& result : results) values.push_back(*std::move(result));
          return values;
        }
      });
}

namespace internal {

template <class T>
using Gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class... T>
class Tuple : public Aggregate<std::tuple<Gathered<T>...>> {
 public:
  explicit Tuple(GatherOptions options) : options_(options) {}

  template <std::size_t I, class U>
  void settle(std::integral_constant<std::size_t, I>, Result<U>&& result) {
    if (!result) {
      if (!this->is_decided()) return this->decide(Failure::make<FirstError>(std::move(result).failure(), I));
      if (!options_.consume_errors) this->inputs().report(result.failure());
      return;
    }
    if (this->is_decided()) return;
    if constexpr (std::is_void_v<U>) {
      std::get<I>(values_).emplace();
    } else {
      std::get<I>(values_).emplace(*std::move(result));
    }
    if (--left_ == 0) decide_all(std::index_sequence_for<T...>());
  }

 private:
  template <std::size_t... I>
  void decide_all(std::index_sequence<I...>) {
    this->decide(std::tuple<Gathered<T>...>(*std::move(std::get<I>(values_))...));
  }

  std::tuple<std::optional<Gathered<T>>...> values_;
  std::size_t left_ = sizeof...(T);
  GatherOptions options_;
};

template <class... T, std::size_t... I>
Deferred<std::tuple<Gathered<T>...>> gather_tuple(GatherOptions options, std::index_sequence<I...>,
                                                  Deferred<T>&&... inputs) {
  (..., (Access::holder(inputs).is_empty() ? throw_input_moved_from(I) : void()));
  const auto tuple = std::make_shared<Tuple<T...>>(options);
  (..., add_input(tuple, std::integral_constant<std::size_t, I>(), std::move(inputs)));
  return Tuple<T...>::outcome_of(tuple);
}

}  // namespace internal

// The same of Deferreds of different types, which gives a std::tuple, with a std::monostate for each of void.
template <class... T>
  requires(sizeof...(T) > 0)
Deferred<std::tuple<internal::Gathered<T>...>> gather_results(GatherOptions options, Deferred<T>... inputs) {
  return internal::gather_tuple<T...>(options, std::index_sequence_for<T...>(), std::move(inputs)...);
}
template <class First, class... T>
Deferred<std::tuple<internal::Gathered<First>, internal::Gathered<T>...>> gather_results(Deferred<First> first,
                                                                                         Deferred<T>... inputs) {
  return gather_results(GatherOptions(), std::move(first), std::move(inputs)...);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_GATHER_RESULTS_H_
