// SPDX-License-Identifier: Apache-2.0
//
// An exception as a value: what travels down a Deferred's errbacks. It can be asked for its type without being thrown,
// which costs nanoseconds where a rethrow costs a microsecond.
//
//   if (const auto* error = failure.check<std::system_error>()) retry(error->code());
//   failure.trap<Timeout, Refused>();                    // returns for these two, throws the original for others
#ifndef PROMETHEUS_ASYNC_TX_FAILURE_H_
#define PROMETHEUS_ASYNC_TX_FAILURE_H_

#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

#include "metrics/internal/exception_cast.h"

namespace prometheus_async::tx {

namespace internal {
[[noreturn]] void throw_no_exception();
}  // namespace internal

// Never empty, except after it was moved from. Copies share the exception object: its identity stays along a chain.
//
// Cost: a pointer. A copy counts atomically; a move does not.
// Threads: copies may be used on several threads; the exception object itself is then shared by them.
class Failure {
 public:
  // REQUIRES: not null.
  explicit Failure(std::exception_ptr exception) : exception_(std::move(exception)) {
    if (exception_ == nullptr) internal::throw_no_exception();
  }

  // Makes the exception without throwing it.
  template <class E, class... Args>
  static Failure make(Args&&... args) {
    return Failure(std::make_exception_ptr(E(std::forward<Args>(args)...)));
  }

  // The exception that is being handled. Throws NoCurrentExceptionError outside of a catch block.
  static Failure current();

  // The exception, if it is an E or derives from it; else null. Never throws. Valid as long as a copy of the failure.
  template <class E>
  const E* check() const noexcept {
    return metrics::internal::exception_cast<E>(exception_);
  }

  // Whether it is any of them.
  template <class First, class Second, class... More>
  bool check() const noexcept {
    return check<First>() != nullptr || check<Second>() != nullptr || (... || (check<More>() != nullptr));
  }

  // Returns if the exception is one of `E`; else throws it.
  template <class... E>
  void trap() const {
    static_assert(sizeof...(E) > 0, "prometheus_async: trap takes the types that it lets stay");
    if (!(... || (check<E>() != nullptr))) raise_exception();
  }

  [[noreturn]] void raise_exception() const { std::rethrow_exception(exception_); }

  // The exception as the standard holds it.
  const std::exception_ptr& value() const& noexcept { return exception_; }
  std::exception_ptr value() && noexcept { return std::move(exception_); }

  // The type that was thrown. Null where the C++ library does not tell.
  const std::type_info* type() const noexcept;

  // what(); the name of the type for an exception that is no std::exception.
  std::string get_error_message() const;

  // "type: what()", for a log.
  std::string get_brief_traceback() const;

 private:
  std::exception_ptr exception_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_FAILURE_H_
