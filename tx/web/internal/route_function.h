// SPDX-License-Identifier: Apache-2.0
//
// A function behind a route, of whatever type, as one that takes the texts that a pattern matched.
#ifndef PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ROUTE_FUNCTION_H_
#define PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ROUTE_FUNCTION_H_

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "metrics/internal/instrumented_function.h"
#include "tx/deferred.h"
#include "tx/web/http_exception.h"
#include "tx/web/internal/route_result.h"
#include "tx/web/klein_request.h"
#include "tx/web/request.h"
#include "tx/web/url_rule.h"

namespace prometheus_async::tx::web::internal {

// --- What a function takes.

// The signature of a callable that has one: a function, a lambda, a std::function, or one of these decorated by
// tx::time(metric) and its like.
template <class F>
struct SignatureOf {};

#define PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(QUALIFIERS) \
  template <class C, class R, class... Args>             \
  struct SignatureOf<R (C::*)(Args...) QUALIFIERS> {     \
    using type = R(Args...);                             \
  };
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER()
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(const)
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(&)
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(const&)
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(noexcept)
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(const noexcept)
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(& noexcept)
PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER(const& noexcept)
#undef PROMETHEUS_ASYNC_SIGNATURE_OF_MEMBER

template <class R, class... Args>
struct SignatureOf<R (*)(Args...)> {
  using type = R(Args...);
};
template <class R, class... Args>
struct SignatureOf<R (*)(Args...) noexcept> {
  using type = R(Args...);
};

template <class F>
concept HasOneCallOperator = requires { &F::operator(); };

template <HasOneCallOperator F>
struct SignatureOf<F> : SignatureOf<decltype(&F::operator())> {};

template <class P, class F, class Call>
struct SignatureOf<metrics::internal::InstrumentedFunction<P, F, Call>> : SignatureOf<F> {};

// What is behind a parameter. One of kText takes any converter but int and float.
enum class ParameterKind { kInt, kFloat, kText };

template <class T>
concept RouteNumber =
    std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <class T>
inline constexpr bool is_text_parameter =
    std::same_as<T, std::string> || std::same_as<T, const std::string> || std::same_as<T, const std::string&> ||
    std::same_as<T, std::string_view> || std::same_as<T, const std::string_view>;

template <class Parameter>
concept RouteParameter = RouteNumber<std::remove_const_t<Parameter>> || is_text_parameter<Parameter>;

template <RouteParameter Parameter>
constexpr ParameterKind kind_of_parameter() {
  using T = std::remove_const_t<Parameter>;
  return std::is_floating_point_v<T> ? ParameterKind::kFloat
         : std::is_integral_v<T>     ? ParameterKind::kInt
                                     : ParameterKind::kText;
}

// The value for a parameter; `text` outlives the call and what it returns. Throws NotFound for a number that the type
// does not hold.
template <class Parameter>
decltype(auto) to_parameter(std::string& text) {
  using T = std::remove_const_t<Parameter>;
  if constexpr (RouteNumber<T>) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) throw NotFound();
    return number;
  } else if constexpr (std::same_as<T, std::string>) {
    return std::string(std::move(text));
  } else {
    return static_cast<const std::string&>(text);
  }
}

// The first parameter.
template <class Parameter>
concept RequestParameter = std::same_as<Parameter, Request&> || std::same_as<Parameter, const Request&> ||
                           std::same_as<Parameter, KleinRequest&> || std::same_as<Parameter, const KleinRequest&>;
template <RequestParameter Parameter>
auto& to_request(KleinRequest& request) {
  if constexpr (std::same_as<std::remove_cvref_t<Parameter>, Request>) {
    return request.request();
  } else {
    return request;
  }
}

// --- The function.

class RouteFunction {
 public:
  virtual ~RouteFunction() = default;
  virtual std::span<const ParameterKind> parameters() const = 0;
  // Exceptions are in the result. `request` and `values`, as many as there are parameters, outlive the Deferred.
  virtual Deferred<RouteResult> call(KleinRequest& request, std::span<std::string> values) = 0;
};

template <class F, class Signature>
class TypedRouteFunction;

template <class F, class R, class First, class... Values>
class TypedRouteFunction<F, R(First, Values...)> final : public RouteFunction {
 public:
  explicit TypedRouteFunction(F&& function) : function_(std::move(function)) {}
  explicit TypedRouteFunction(const F& function) : function_(function) {}

  std::span<const ParameterKind> parameters() const override { return kParameters; }

  Deferred<RouteResult> call(KleinRequest& request, std::span<std::string> values) override {
    return call_with(request, values, std::index_sequence_for<Values...>());
  }

 private:
  static constexpr std::array<ParameterKind, sizeof...(Values)> kParameters{kind_of_parameter<Values>()...};

  template <std::size_t... kIndex>
  Deferred<RouteResult> call_with(KleinRequest& request, [[maybe_unused]] std::span<std::string> values,
                                  std::index_sequence<kIndex...>) {
    return call_for_result([&]() -> decltype(auto) {
      return std::invoke(function_, to_request<First>(request), to_parameter<Values>(values[kIndex])...);
    });
  }

  F function_;
};

template <class Signature>
struct CheckSignature {
  static constexpr bool kTakesRequest = false;
  static constexpr bool kTakesValues = true;
};
template <class R, class First, class... Values>
struct CheckSignature<R(First, Values...)> {
  static constexpr bool kTakesRequest = RequestParameter<First>;
  static constexpr bool kTakesValues = (... && RouteParameter<Values>);
};

template <class F>
std::unique_ptr<RouteFunction> make_route_function(F&& function) {
  using Function = std::decay_t<F>;
  constexpr bool kHasSignature = requires { typename SignatureOf<Function>::type; };
  static_assert(kHasSignature,
                "prometheus_async: Klein reads from a function's parameters what its pattern has to give, so it takes "
                "one that is neither generic nor overloaded: write the types, [](tx::web::Request&, int id) {...}");
  if constexpr (kHasSignature) {
    using Signature = typename SignatureOf<Function>::type;
    using Check = CheckSignature<Signature>;
    static_assert(Check::kTakesRequest,
                  "prometheus_async: the first parameter of a function of Klein is tx::web::Request& or "
                  "tx::web::KleinRequest&");
    static_assert(Check::kTakesValues,
                  "prometheus_async: a value of a route is taken as an integer (of <int:...>), a double or float (of "
                  "<float:...>), or else as std::string, const std::string& or std::string_view; numbers by value");
    if constexpr (Check::kTakesRequest && Check::kTakesValues) {
      return std::make_unique<TypedRouteFunction<Function, Signature>>(std::forward<F>(function));
    }
  }
  return nullptr;
}

// Throws std::invalid_argument, naming the pattern, unless the parameters are as many as the pattern's converters and
// of their kinds.
void check_parameters(const UrlRule& rule, std::span<const ParameterKind> parameters);

}  // namespace prometheus_async::tx::web::internal

#endif  // PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ROUTE_FUNCTION_H_
