// SPDX-License-Identifier: Apache-2.0
//
// What tests ask of a Deferred: that it has a value by now, or a failure, or nothing yet. Where it is otherwise the
// GoogleTest test fails and ends, and its message names what was there instead.
//
//   tx::Clock clock;
//   tx::Deferred<int> d = ask(clock);
//   tx::testing::assert_no_result(d);
//   clock.advance(1s);
//   EXPECT_EQ(tx::testing::success_result_of(d), 42);
#ifndef PROMETHEUS_ASYNC_TX_TESTING_RESULT_OF_H_
#define PROMETHEUS_ASYNC_TX_TESTING_RESULT_OF_H_

#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/result.h"

namespace prometheus_async::tx::testing {

namespace internal {

// Reports a failure of the test, and throws what GoogleTest takes for a failure that was reported.
[[noreturn]] void end_test(const std::string& message, const std::source_location& at);

// "no result", and why.
std::string describe_pending(bool was_called);
std::string describe(const Failure& failure);
std::string describe_types(const std::vector<const std::type_info*>& types);

template <class T>
std::string describe(const Result<T>& result) {
  if (!result) return describe(result.failure());
  if constexpr (std::is_void_v<T>) {
    return "a success without a value";
  } else {
    return "the value " + ::testing::PrintToString(*result);
  }
}

}  // namespace internal

// The value of a Deferred that has one now. The Deferred is spent then.
//
// Semantics: twisted.trial's successResultOf, as the two below.
template <class T>
T success_result_of(Deferred<T>& deferred, std::source_location at = std::source_location::current()) {
  const bool was_called = deferred.called();
  std::optional<Result<T>> result = deferred.take_result();
  if (!result) internal::end_test("Success result expected, found " + internal::describe_pending(was_called), at);
  if (!*result) internal::end_test("Success result expected, found " + internal::describe(*result), at);
  if constexpr (!std::is_void_v<T>) return **std::move(result);
}
template <class T>
T success_result_of(Deferred<T>&& deferred, std::source_location at = std::source_location::current()) {
  return success_result_of(deferred, at);
}

// The failure of a Deferred that has one now, which is one of `E` if they are named. The Deferred is spent then, and
// nobody reports the failure as unhandled.
template <class... E, class T>
Failure failure_result_of(Deferred<T>& deferred, std::source_location at = std::source_location::current()) {
  const auto expected = [] {
    if constexpr (sizeof...(E) == 0) return std::string("Failure result expected, found ");
    return "Failure of type " + internal::describe_types({&typeid(E)...}) + " expected, found ";
  };
  const bool was_called = deferred.called();
  std::optional<Result<T>> result = deferred.take_result();
  if (!result) internal::end_test(expected() + internal::describe_pending(was_called), at);
  const bool is_expected =
      !*result && (sizeof...(E) == 0 || (... || (result->failure().template check<E>() != nullptr)));
  if (!is_expected) internal::end_test(expected() + internal::describe(*result), at);
  return std::move(*result).failure();
}
template <class... E, class T>
Failure failure_result_of(Deferred<T>&& deferred, std::source_location at = std::source_location::current()) {
  return failure_result_of<E...>(deferred, at);
}

// That it has none. What comes later comes as it would have.
template <class T>
void assert_no_result(Deferred<T>& deferred, std::source_location at = std::source_location::current()) {
  if (const std::optional<Result<T>> result = deferred.take_result()) {
    internal::end_test("No result expected, found " + internal::describe(*result), at);
  }
}

}  // namespace prometheus_async::tx::testing

#endif  // PROMETHEUS_ASYNC_TX_TESTING_RESULT_OF_H_
