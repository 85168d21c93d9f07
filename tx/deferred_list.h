// SPDX-License-Identifier: Apache-2.0
//
// Waits for many Deferreds of one type, and tells how each of them went.
//
//   std::vector<tx::Deferred<Page>> pages;
//   for (const Url& url : urls) pages.push_back(fetch(url));
//   tx::Deferred<void> all = tx::deferred_list(std::move(pages)).add_callback([](std::vector<tx::Result<Page>> results)
//   {
//     for (const tx::Result<Page>& result : results) result ? show(*result) : complain(result.failure());
//   });
//
// Where every one is needed, gather_results (tx/gather_results.h) gives the values themselves; where one will do, race
// and first_of (tx/race.h) give the first.
#ifndef PROMETHEUS_ASYNC_TX_DEFERRED_LIST_H_
#define PROMETHEUS_ASYNC_TX_DEFERRED_LIST_H_

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/aggregate.h"
#include "tx/result.h"

namespace prometheus_async::tx {

// The first of several Deferreds to fail, where one failure decides: which one, and how.
class FirstError : public std::runtime_error {
 public:
  FirstError(Failure sub_failure, std::size_t index);

  const Failure& sub_failure() const noexcept { return sub_failure_; }
  std::size_t index() const noexcept { return index_; }

 private:
  Failure sub_failure_;
  std::size_t index_;
};

struct DeferredListOptions {
  // The first failure fires the list with a FirstError; the other inputs go on. Else it fires when all have fired.
  bool fire_on_one_errback = false;
  // Failures that come after the list has fired are dropped. Else they are reported as unhandled: nobody sees them.
  // CancelledErrors that come of cancelling the list are never reported.
  bool consume_errors = false;
};

// The results in the order of the inputs, which it consumes. Of no inputs: an empty vector, at once. If all inputs have
// fired, so has the list when this returns.
//
// Cancelled: cancels every input that has no result, and fires with what they made of it, by the options; it may have
// to wait for that. A canceller that throws is reported as an unhandled failure, and the rest are still cancelled.
// Cancelling it after it fired, early or not, does nothing. Errors: FirstError; MovedFromError thrown, naming the
// index, for an input that was moved away. Cost: for inputs that have fired, the vector and one allocation. Else also a
// vector of a pointer for each that waits, and the block of a Deferred. A million inputs take no more stack than one;
// lists nested in lists do, for each level. Semantics: twisted.internet.defer.DeferredList. A Result stands for its
// pair of bool and value. Its fireOnOneCallback gives another type, and so is a function: first_of. An input belongs to
// the list alone, so nobody can add a callback to it later: consumeErrors is about what nobody sees.
template <class T>
Deferred<std::vector<Result<T>>> deferred_list(std::vector<Deferred<T>> inputs, DeferredListOptions options = {});

namespace internal {

// A result that a list has no value for yet.
Failure pending_failure() noexcept;

template <class T>
class List : public Aggregate<std::vector<Result<T>>> {
 public:
  List(std::size_t size, DeferredListOptions options) : left_(size), options_(options) {
    results_.reserve(size);
    for (std::size_t i = 0; i < size; ++i) results_.emplace_back(pending_failure());
    if (left_ == 0) this->decide(std::move(results_));
  }

  void settle(std::size_t index, Result<T>&& result) {
    if (this->is_decided()) {
      if (!result && !options_.consume_errors) this->inputs().report(result.failure());
      return;
    }
    if (!result && options_.fire_on_one_errback) {
      results_.clear();
      return this->decide(Failure::make<FirstError>(std::move(result).failure(), index));
    }
    // Not assigned: a T is only sure to be constructed by a move.
    std::destroy_at(&results_[index]);
    std::construct_at(&results_[index], std::move(result));
    if (--left_ == 0) this->decide(std::move(results_));
  }

 private:
  std::vector<Result<T>> results_;
  std::size_t left_;
  DeferredListOptions options_;
};

}  // namespace internal

template <class T>
Deferred<std::vector<Result<T>>> deferred_list(std::vector<Deferred<T>> inputs, DeferredListOptions options) {
  const auto list = std::make_shared<internal::List<T>>(inputs.size(), options);
  internal::add_inputs(list, std::move(inputs));
  return internal::List<T>::outcome_of(list);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DEFERRED_LIST_H_
