// SPDX-License-Identifier: Apache-2.0
//
// The completion token that makes an operation of Asio's return a Deferred.
//
//   tx::Deferred<void> waited = timer.async_wait(tx::use_deferred);
//   tx::Deferred<std::size_t> read = socket.async_read_some(buffer, tx::use_deferred);
#ifndef PROMETHEUS_ASYNC_TX_USE_DEFERRED_H_
#define PROMETHEUS_ASYNC_TX_USE_DEFERRED_H_

#include <exception>
#include <memory>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/asio_operation.h"
#include "tx/result.h"

namespace prometheus_async::tx {

namespace asio = boost::asio;

// The Deferred is of what the operation completes with, after the error that may come first: void for nothing, the
// value for one, a std::tuple for several.
//
// Errors: a boost::system::error_code fails it with boost::system::system_error, a std::error_code with
// std::system_error, an exception_ptr with that exception; a code that says "cancelled"
// (asio::error::operation_aborted) with CancelledError, whoever cancelled. Cancelled: emits the operation's own
// cancellation slot (cancellation_type::terminal), and the Deferred waits for its end, which decides the result. So
// what the operation uses, such as a buffer, stays until the Deferred fires. Dropped: the operation goes on. Its
// handler destroyed uncalled: AbandonedError. Threads: the operation completes on the thread that started it.
struct UseDeferred {};
inline constexpr UseDeferred use_deferred;

namespace internal {

// The failure that a first argument stands for. Not for types that are values.
inline std::exception_ptr exception_of(const boost::system::error_code& code) {
  if (!code) return nullptr;
  if (code == boost::asio::error::operation_aborted) return std::make_exception_ptr(CancelledError());
  return std::make_exception_ptr(boost::system::system_error(code));
}
inline std::exception_ptr exception_of(const std::error_code& code) {
  if (!code) return nullptr;
  if (code == std::errc::operation_canceled) return std::make_exception_ptr(CancelledError());
  return std::make_exception_ptr(std::system_error(code));
}
inline std::exception_ptr exception_of(const std::exception_ptr& exception) { return exception; }

template <class T>
inline constexpr bool is_error = std::is_same_v<T, boost::system::error_code> || std::is_same_v<T, std::error_code> ||
                                 std::is_same_v<T, std::exception_ptr>;

template <class... Values>
struct ValueOfMany : std::type_identity<std::tuple<Values...>> {};
template <class Value>
struct ValueOfMany<Value> : std::type_identity<Value> {};
template <>
struct ValueOfMany<> : std::type_identity<void> {};

template <class... Args>
struct CompletionValue : ValueOfMany<Args...> {};
template <class First, class... Rest>
  requires is_error<First>
struct CompletionValue<First, Rest...> : ValueOfMany<Rest...> {};

// What Asio calls at the end.
template <class T>
class DeferredHandler {
 public:
  using cancellation_slot_type = boost::asio::cancellation_slot;

  explicit DeferredHandler(std::shared_ptr<AsioOperation<T>> operation) : operation_(std::move(operation)) {}

  cancellation_slot_type get_cancellation_slot() const noexcept { return operation_->slot(); }

  template <class... Args>
  void operator()(Args&&... args) {
    complete(std::forward<Args>(args)...);
  }

 private:
  template <class First, class... Rest>
    requires is_error<std::remove_cvref_t<First>>
  void complete(First&& first, Rest&&... rest) {
    if (std::exception_ptr exception = exception_of(first)) {
      operation_->complete(Failure(std::move(exception)));
    } else {
      complete_with_values(std::forward<Rest>(rest)...);
    }
  }
  template <class... Args>
  void complete(Args&&... args) {
    complete_with_values(std::forward<Args>(args)...);
  }
  template <class... Values>
  void complete_with_values(Values&&... values) {
    if constexpr (std::is_void_v<T>) {
      operation_->complete(Result<T>());
    } else {
      operation_->complete(T(std::forward<Values>(values)...));
    }
  }

  std::shared_ptr<AsioOperation<T>> operation_;
};

}  // namespace internal
}  // namespace prometheus_async::tx

template <class R, class... Args>
struct boost::asio::async_result<prometheus_async::tx::UseDeferred, R(Args...)> {
  using Value = typename prometheus_async::tx::internal::CompletionValue<std::decay_t<Args>...>::type;
  using return_type = prometheus_async::tx::Deferred<Value>;

  template <class Initiation, class... InitArgs>
  static return_type initiate(Initiation&& initiation, prometheus_async::tx::UseDeferred, InitArgs&&... args) {
    const auto operation = std::make_shared<prometheus_async::tx::internal::AsioOperation<Value>>();
    return_type deferred = operation->get_deferred();
    std::forward<Initiation>(initiation)(prometheus_async::tx::internal::DeferredHandler<Value>(operation),
                                         std::forward<InitArgs>(args)...);
    return deferred;
  }
};

#endif  // PROMETHEUS_ASYNC_TX_USE_DEFERRED_H_
