// SPDX-License-Identifier: Apache-2.0
//
// Attaches a probe to an Asio completion token: the span begins when the operation is initiated and ends when its
// handler is called, before the handler runs. A handler that is destroyed uncalled ends it as abandoned.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_TOKEN_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_TOKEN_H_

#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include "aio/internal/ending.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio::internal {

namespace asio = boost::asio;

// What asio sees as the token. Copied or moved wherever its inner token would be.
template <metrics::Probe P, class Token>
class InstrumentedToken {
 public:
  InstrumentedToken(P with, Token inner) : probe(std::move(with)), token(std::move(inner)) {}

  P probe;
  Token token;
};

template <metrics::Probe P, class Handler>
class InstrumentedHandler {
 public:
  InstrumentedHandler(metrics::Span<P> span, Handler inner) : handler(std::move(inner)), span_(std::move(span)) {}

  template <class... Args>
  void operator()(Args&&... args) {
    span_.end(ending_of(args...));
    std::move(handler)(std::forward<Args>(args)...);
  }

  Handler handler;

 private:
  static metrics::Ending ending_of() noexcept { return metrics::Ending::value(); }
  template <class First, class... Rest>
  static metrics::Ending ending_of(const First& first, const Rest&...) noexcept {
    if constexpr (requires { completed(first); }) {
      return completed(first);
    } else {
      return metrics::Ending::value();
    }
  }

  metrics::Span<P> span_;
};

// What an inner token is given in place of the operation's initiation. Keeps the executor that the initiation is
// associated with, which some tokens ask for.
template <metrics::Probe P, class Initiation>
class InstrumentedInitiation {
 public:
  InstrumentedInitiation(P probe, Initiation initiation)
      : probe_(std::move(probe)), initiation_(std::move(initiation)) {}

  template <class Handler, class... Args>
  void operator()(Handler&& handler, Args&&... args) && {
    std::move(initiation_)(instrument(std::forward<Handler>(handler)), std::forward<Args>(args)...);
  }
  template <class Handler, class... Args>
  void operator()(Handler&& handler, Args&&... args) const& {
    initiation_(instrument(std::forward<Handler>(handler)), std::forward<Args>(args)...);
  }

  auto get_executor() const noexcept
    requires requires(const Initiation& initiation) { initiation.get_executor(); }
  {
    return initiation_.get_executor();
  }

 private:
  template <class Handler>
  auto instrument(Handler&& handler) const {
    return InstrumentedHandler<P, std::decay_t<Handler>>(metrics::Span<P>(probe_), std::forward<Handler>(handler));
  }

  [[no_unique_address]] P probe_;
  [[no_unique_address]] Initiation initiation_;
};

// An operation that waits for its token, such as asio::deferred returns, with a probe on it. Each launch has a span of
// its own.
template <metrics::Probe P, class Operation>
class [[nodiscard]] InstrumentedOperation {
 public:
  InstrumentedOperation(P probe, Operation operation) : probe_(std::move(probe)), operation_(std::move(operation)) {}

  template <class Token>
  auto operator()(Token&& token) && -> std::invoke_result_t<Operation, InstrumentedToken<P, std::decay_t<Token>>> {
    return std::move(operation_)(
        InstrumentedToken<P, std::decay_t<Token>>(std::move(probe_), std::forward<Token>(token)));
  }
  template <class Token>
  auto operator()(
      Token&& token) const& -> std::invoke_result_t<const Operation&, InstrumentedToken<P, std::decay_t<Token>>> {
    return operation_(InstrumentedToken<P, std::decay_t<Token>>(probe_, std::forward<Token>(token)));
  }

 private:
  [[no_unique_address]] P probe_;
  Operation operation_;
};

// Operations that wait for their token are known by name. asio::is_async_operation would ask any callable what it makes
// of a token, and that does not compile for a handler such as [](auto code) { code.message(); }.
template <class T>
inline constexpr bool is_async_operation = false;
template <class... T>
inline constexpr bool is_async_operation<asio::deferred_async_operation<T...>> = true;
template <class... T>
inline constexpr bool is_async_operation<asio::deferred_sequence<T...>> = true;
template <class P, class Operation>
inline constexpr bool is_async_operation<InstrumentedOperation<P, Operation>> = true;

template <class T>
concept AsyncOperation = is_async_operation<std::remove_cvref_t<T>>;

}  // namespace prometheus_async::aio::internal

namespace boost::asio {

template <class Probe, class Token, class... Signatures>
class async_result<prometheus_async::aio::internal::InstrumentedToken<Probe, Token>, Signatures...> {
 public:
  template <class Initiation>
  using Wrapped = prometheus_async::aio::internal::InstrumentedInitiation<Probe, std::decay_t<Initiation>>;

  template <class Initiation, class RawToken, class... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(async_initiate<Token, Signatures...>(std::declval<Wrapped<Initiation>>(), std::declval<Token&>(),
                                                       std::forward<Args>(args)...)) {
    // A token given as an lvalue may be used again, so it is copied.
    Token inner = std::forward<RawToken>(token).token;
    return async_initiate<Token, Signatures...>(
        Wrapped<Initiation>(std::forward<RawToken>(token).probe, std::forward<Initiation>(initiation)), inner,
        std::forward<Args>(args)...);
  }
};

// Executor, allocator, cancellation slot: what is associated with the inner handler is associated with ours.
template <template <class, class> class Associator, class Probe, class Handler, class Default>
struct associator<Associator, prometheus_async::aio::internal::InstrumentedHandler<Probe, Handler>, Default>
    : Associator<Handler, Default> {
  using Instrumented = prometheus_async::aio::internal::InstrumentedHandler<Probe, Handler>;

  static decltype(auto) get(const Instrumented& handler) noexcept {
    return Associator<Handler, Default>::get(handler.handler);
  }
  static decltype(auto) get(const Instrumented& handler, const Default& fallback) noexcept {
    return Associator<Handler, Default>::get(handler.handler, fallback);
  }
};

}  // namespace boost::asio

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_TOKEN_H_
