// SPDX-License-Identifier: Apache-2.0

#include "tx/web/internal/route_function.h"

#include <stdexcept>

namespace prometheus_async::tx::web::internal {
namespace {

ParameterKind kind_given(const Converter& converter) {
  switch (converter.kind()) {
    case Converter::Kind::kInt: return ParameterKind::kInt;
    case Converter::Kind::kFloat: return ParameterKind::kFloat;
    default: return ParameterKind::kText;
  }
}

std::string name_of(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::kInt: return "an integer";
    case ParameterKind::kFloat: return "a floating-point number";
    case ParameterKind::kText: return "text";
  }
  return "";
}

}  // namespace

void check_parameters(const UrlRule& rule, std::span<const ParameterKind> parameters) {
  const std::string prefix = "route \"" + rule.pattern() + "\": ";
  const auto arguments = rule.arguments();
  if (arguments.size() != parameters.size()) {
    throw std::invalid_argument(prefix + "the pattern gives " + std::to_string(arguments.size()) +
                                " value(s), and the function takes " + std::to_string(parameters.size()) +
                                " after the request");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const ParameterKind given = kind_given(*arguments[i]->converter);
    if (given == parameters[i]) continue;
    throw std::invalid_argument(prefix + "<" + arguments[i]->name + "> is " + name_of(given) +
                                ", and the function takes " + name_of(parameters[i]) + " there");
  }
}

}  // namespace prometheus_async::tx::web::internal
