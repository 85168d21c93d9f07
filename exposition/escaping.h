// SPDX-License-Identifier: Apache-2.0
//
// How a name that Prometheus 2 cannot read is written for a reader who wants classic letters. The reader chooses the
// scheme in its Accept header; docs: https://prometheus.io/docs/instrumenting/escaping_schemes/.
//
//   exposition::escape_name("http.requests", exposition::Escaping::kValues, exposition::NameKind::kMetric);
//   // U__http_2e_requests
#ifndef PROMETHEUS_ASYNC_EXPOSITION_ESCAPING_H_
#define PROMETHEUS_ASYNC_EXPOSITION_ESCAPING_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace prometheus_async::exposition {

enum class Escaping : std::uint8_t {
  kUnderscores,  // a.b -> a_b; no way back
  kDots,         // a.b -> a_dot_b
  kValues,       // a.b -> U__a_2e_b; nothing is lost
  kAllowUtf8,    // a.b, in quotes where the format is text
};

enum class NameKind : std::uint8_t { kMetric, kLabel };

// As media types spell it: "underscores", "dots", "values", "allow-utf-8".
std::string_view to_string(Escaping escaping) noexcept;

// `name` in the scheme. Bytes that are not UTF-8 count as U+FFFD each.
//
// Semantics: EscapeName of prometheus/common, which differs from the written rules: kDots makes two underscores of any
// character that it has no word for, and escapes classic names too (a_b -> a__b); kValues has lower-case digits. In a
// label's name a colon is escaped, as in prometheus_client. The encoders leave classic names as they are, in every
// scheme, as EscapeMetricFamily does.
std::string escape_name(std::string_view name, Escaping escaping, NameKind kind);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_ESCAPING_H_
