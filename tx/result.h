// SPDX-License-Identifier: Apache-2.0
//
// A value or a Failure: what a Deferred ends with, for code that looks at both.
//
//   std::move(d).add_both([](tx::Result<Page>&& page) { return page ? page->title : page.failure().get_error_message();
//   });
#ifndef PROMETHEUS_ASYNC_TX_RESULT_H_
#define PROMETHEUS_ASYNC_TX_RESULT_H_

#include <type_traits>
#include <utility>
#include <variant>

#include "tx/failure.h"

namespace prometheus_async::tx {

// As std::expected<T, Failure>, which C++20 has not. Made implicitly from a value or a Failure.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Failure failure)
      : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // The value. Throws the failure's exception if there is none.
  T& value() & { return check().unchecked(); }
  const T& value() const& { return check().unchecked(); }
  T&& value() && { return std::move(check().unchecked()); }

  // REQUIRES: has_value().
  T& operator*() & noexcept { return unchecked(); }
  const T& operator*() const& noexcept { return unchecked(); }
  T&& operator*() && noexcept { return std::move(unchecked()); }
  T* operator->() noexcept { return &unchecked(); }
  const T* operator->() const noexcept { return &unchecked(); }

  // REQUIRES: !has_value().
  const Failure& failure() const& noexcept { return *std::get_if<1>(&state_); }
  Failure&& failure() && noexcept { return std::move(*std::get_if<1>(&state_)); }

 private:
  T& unchecked() noexcept { return *std::get_if<0>(&state_); }
  const T& unchecked() const noexcept { return *std::get_if<0>(&state_); }
  Result& check() {
    if (!has_value()) failure().raise_exception();
    return *this;
  }
  const Result& check() const {
    if (!has_value()) failure().raise_exception();
    return *this;
  }

  std::variant<T, Failure> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() noexcept = default;
  Result(Failure failure) : exception_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const noexcept { return exception_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  void value() const {
    if (!has_value()) failure().raise_exception();
  }
  void operator*() const noexcept {}

  const Failure& failure() const& noexcept { return *std::get_if<1>(&exception_); }
  Failure&& failure() && noexcept { return std::move(*std::get_if<1>(&exception_)); }

 private:
  std::variant<std::monostate, Failure> exception_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_RESULT_H_
