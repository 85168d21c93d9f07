// SPDX-License-Identifier: Apache-2.0
#include "exposition/format.h"

#include <string_view>

namespace prometheus_async::exposition {
namespace {

std::string_view to_string(Version version) noexcept {
  switch (version) {
    case Version::k0_0_1: return "0.0.1";
    case Version::k0_0_4: return "0.0.4";
    case Version::k1_0_0: break;
  }
  return "1.0.0";
}

}  // namespace

std::string content_type(const Format& format) {
  std::string type;
  if (format.syntax == Syntax::kProtobuf) {
    type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
  } else {
    type = format.syntax == Syntax::kText ? "text/plain; version=" : "application/openmetrics-text; version=";
    type += to_string(format.version);
    type += "; charset=utf-8";
    if (format.version != Version::k1_0_0) return type;
  }
  type += "; escaping=";
  type += exposition::to_string(format.escaping);
  return type;
}

}  // namespace prometheus_async::exposition
