// SPDX-License-Identifier: Apache-2.0
//
// Which endings count_exceptions counts. The default is every error; cancellation and abandonment are outcomes of
// their own and are counted only where a filter names them.
//
//   aio::count_exceptions(failures)                                          // every error
//   aio::count_exceptions<Timeout, Refused>(failures)                        // two types, and what derives from them
//   aio::count_exceptions(failures, metrics::any_error | metrics::cancelled) // cancellations as well
//   aio::count_exceptions(failures, metrics::when<HttpError>([](const HttpError& e) { return e.status() >= 500; }))
#ifndef PROMETHEUS_ASYNC_METRICS_FILTER_H_
#define PROMETHEUS_ASYNC_METRICS_FILTER_H_

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include "metrics/ending.h"
#include "metrics/internal/exception_cast.h"

namespace prometheus_async::metrics {

// Says whether an ending is counted. A filter that throws counts nothing.
// Cost: asked only when an operation did not end with a value.
template <class F>
concept Filter = requires(const F& filter, const Ending& ending) {
  typename F::FilterTag;
  { filter(ending) } -> std::same_as<bool>;
};

struct AnyError {
  using FilterTag = void;
  bool operator()(const Ending& ending) const { return ending.outcome() == Outcome::kError; }
};
// Every error, whatever its type. Semantics: `exc=Exception` of prometheus-async, except that its default,
// BaseException, counts cancellation and collected coroutines as exceptions too.
inline constexpr AnyError any_error;

struct CancelledOnly {
  using FilterTag = void;
  bool operator()(const Ending& ending) const { return ending.outcome() == Outcome::kCancelled; }
};
// Operations that were cancelled.
inline constexpr CancelledOnly cancelled;

struct AbandonedOnly {
  using FilterTag = void;
  bool operator()(const Ending& ending) const { return ending.outcome() == Outcome::kAbandoned; }
};
// Operations whose frame or handler was destroyed before they settled.
inline constexpr AbandonedOnly abandoned;

template <class Error, class Predicate>
class WhenError {
 public:
  using FilterTag = void;
  explicit WhenError(Predicate predicate) : predicate_(std::move(predicate)) {}

  bool operator()(const Ending& ending) const {
    if (ending.outcome() != Outcome::kError) return false;
    const std::exception_ptr exception = ending.exception();
    const Error* const error = internal::exception_cast<Error>(exception);
    return error != nullptr && predicate_(*error);
  }

 private:
  [[no_unique_address]] Predicate predicate_;
};

// Errors of type `Error`, or derived from it, for which the predicate holds. An error code of an Asio operation is seen
// as the boost::system::system_error that it would be thrown as.
template <class Error, std::predicate<const Error&> Predicate>
WhenError<Error, Predicate> when(Predicate predicate) {
  return WhenError<Error, Predicate>(std::move(predicate));
}

template <class Predicate>
class WhenEnding {
 public:
  using FilterTag = void;
  explicit WhenEnding(Predicate predicate) : predicate_(std::move(predicate)) {}
  bool operator()(const Ending& ending) const { return predicate_(ending); }

 private:
  [[no_unique_address]] Predicate predicate_;
};

// Endings other than a value, of any outcome, for which the predicate holds.
template <std::predicate<const Ending&> Predicate>
WhenEnding<Predicate> when(Predicate predicate) {
  return WhenEnding<Predicate>(std::move(predicate));
}

template <Filter A, Filter B>
class Either {
 public:
  using FilterTag = void;
  Either(A a, B b) : a_(std::move(a)), b_(std::move(b)) {}
  bool operator()(const Ending& ending) const { return a_(ending) || b_(ending); }

 private:
  [[no_unique_address]] A a_;
  [[no_unique_address]] B b_;
};

// Endings that either filter counts; each ending counts once.
template <Filter A, Filter B>
Either<A, B> operator|(A a, B b) {
  return Either<A, B>(std::move(a), std::move(b));
}

template <class... Errors>
struct OfType {
  using FilterTag = void;
  bool operator()(const Ending& ending) const { return (WhenError<Errors, Always>(Always{})(ending) || ...); }

 private:
  struct Always {
    bool operator()(const auto&) const { return true; }
  };
};

// Errors of one of the given types, or derived from one.
template <class... Errors>
constexpr OfType<Errors...> of_type() {
  static_assert(sizeof...(Errors) > 0, "of_type<...>() needs at least one exception type");
  return {};
}

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_FILTER_H_
