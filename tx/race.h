// SPDX-License-Identifier: Apache-2.0
//
// The first of many Deferreds to succeed. The others are cancelled (race), or go on (first_of).
//
//   std::vector<tx::Deferred<Page>> mirrors;
//   for (const Url& url : urls) mirrors.push_back(fetch(url));
//   tx::First<Page> first = co_await tx::race(std::move(mirrors));
//   log("got it from {}", urls[first.index]);
//   show(first.value);
#ifndef PROMETHEUS_ASYNC_TX_RACE_H_
#define PROMETHEUS_ASYNC_TX_RACE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "tx/deferred.h"
#include "tx/deferred_list.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/aggregate.h"
#include "tx/result.h"

namespace prometheus_async::tx {

// The input that came first. Also as `auto [index, value]`.
template <class T>
struct First {
  std::size_t index;
  T value;
};
template <>
struct First<void> {
  std::size_t index;
};

// All inputs failed.
class FailureGroup : public std::runtime_error {
 public:
  // REQUIRES: at least one.
  explicit FailureGroup(std::vector<Failure> failures);

  // In the order of the inputs.
  const std::vector<Failure>& failures() const noexcept { return *failures_; }

 private:
  std::shared_ptr<const std::vector<Failure>> failures_;  // shared: copying an exception must not throw
};

// The first input to succeed; the others that have no result are cancelled before it fires, and what comes of them is
// dropped. FailureGroup if all fail. If several have a value already, the first in order wins.
//
// Cancelled: cancels every input. The outcome is what they make of it, which may take a while: a FailureGroup of
// CancelledErrors most often. A canceller that throws is reported as an unhandled failure, and the rest are still
// cancelled.
// Errors: FailureGroup; AbandonedError of no inputs, as nobody is left who could fire; MovedFromError thrown, naming
// the index, for an input that was moved away. Semantics: twisted.internet.defer.race, which of no inputs never fires.
template <class T>
Deferred<First<T>> race(std::vector<Deferred<T>> inputs);

struct FirstOfOptions {
  // The first failure, if it comes before a success, fires it with a FirstError.
  bool fire_on_one_errback = false;
  // Failures that are not in the result are dropped, those before the success too. Else they are reported as unhandled.
  // CancelledErrors that come of cancelling it are never reported.
  bool consume_errors = false;
};

// As race, but the other inputs go on.
//
// Semantics: twisted.internet.defer.DeferredList with fireOnOneCallback. It gives a list of failures where all fail,
// which is a FailureGroup here.
template <class T>
Deferred<First<T>> first_of(std::vector<Deferred<T>> inputs, FirstOfOptions options = {});

namespace internal {

template <class T>
class Contest : public Aggregate<First<T>> {
 public:
  Contest(std::size_t size, bool cancels_losers, FirstOfOptions options)
      : failures_(size), left_(size), cancels_losers_(cancels_losers), options_(options) {
    if (size == 0) this->decide(Failure::make<AbandonedError>());
  }

  void settle(std::size_t index, Result<T>&& result) {
    if (has_winner_ || this->is_decided()) {
      if (!result) lose(result.failure());
      return;
    }
    if (result) return win(index, std::move(result));
    if (options_.fire_on_one_errback) {
      return this->decide(Failure::make<FirstError>(std::move(result).failure(), index));
    }
    failures_[index] = std::move(result).failure();
    if (--left_ == 0) decide_failed();
  }

 private:
  void win(std::size_t index, Result<T>&& result) {
    has_winner_ = true;
    if (cancels_losers_) this->inputs().cancel();
    for (const std::optional<Failure>& failure : failures_) {
      if (failure) lose(*failure);
    }
    if constexpr (std::is_void_v<T>) {
      this->decide(First<void>{index});
    } else {
      this->decide(First<T>{index, *std::move(result)});
    }
  }
  void decide_failed() {
    std::vector<Failure> failures;
    failures.reserve(failures_.size());
    for (std::optional<Failure>& failure : failures_) failures.push_back(*std::move(failure));
    this->decide(Failure::make<FailureGroup>(std::move(failures)));
  }
  void lose(const Failure& failure) {
    if (!options_.consume_errors) this->inputs().report(failure);
  }

  std::vector<std::optional<Failure>> failures_;
  std::size_t left_;
  bool has_winner_ = false;
  bool cancels_losers_;
  FirstOfOptions options_;
};

}  // namespace internal

template <class T>
Deferred<First<T>> race(std::vector<Deferred<T>> inputs) {
  const auto contest =
      std::make_shared<internal::Contest<T>>(inputs.size(), true, FirstOfOptions{.consume_errors = true});
  internal::add_inputs(contest, std::move(inputs));
  if (contest->is_decided()) contest->inputs().cancel();  // those after one that had its value
  return internal::Contest<T>::outcome_of(contest);
}

template <class T>
Deferred<First<T>> first_of(std::vector<Deferred<T>> inputs, FirstOfOptions options) {
  const auto contest = std::make_shared<internal::Contest<T>>(inputs.size(), false, options);
  internal::add_inputs(contest, std::move(inputs));
  return internal::Contest<T>::outcome_of(contest);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_RACE_H_
