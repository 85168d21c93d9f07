// SPDX-License-Identifier: Apache-2.0
//
// Which of Prometheus' formats a page is written in, and how HTTP calls it.
//
//   exposition::Format format = exposition::kOpenMetrics_1_0_0;
//   format.escaping = exposition::Escaping::kAllowUtf8;
//   exposition::content_type(format);
//   // application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8
#ifndef PROMETHEUS_ASYNC_EXPOSITION_FORMAT_H_
#define PROMETHEUS_ASYNC_EXPOSITION_FORMAT_H_

#include <cstdint>
#include <string>

#include "exposition/escaping.h"

namespace prometheus_async::exposition {

enum class Syntax : std::uint8_t {
  kText,         // versions 0.0.4 and 1.0.0
  kOpenMetrics,  // versions 0.0.1 and 1.0.0, which differ in name only
  kProtobuf,     // delimited messages io.prometheus.client.MetricFamily; has no version
};

enum class Version : std::uint8_t { k0_0_1, k0_0_4, k1_0_0 };

struct Format {
  Syntax syntax = Syntax::kText;
  Version version = Version::k0_0_4;  // one that the syntax has
  // Of names that are not classic. Text and OpenMetrics before 1.0.0 know underscores alone: they have those whatever
  // is said here.
  Escaping escaping = Escaping::kUnderscores;

  // No media type says the following; the page is of the same type either way.

  // Text: whether bounds and quantiles that are integers are written as such (le="1"), as prometheus-cpp does, and not
  // as in the other formats (le="1.0"). To Prometheus 2 these are two series: for who has the first recorded.
  bool integer_bounds = false;
  // OpenMetrics: whether counters, histograms and summaries have lines x_created. Prometheus takes each for one more
  // series.
  bool created_lines = false;

  friend bool operator==(const Format&, const Format&) = default;
};

inline constexpr Format kText_0_0_4{};
inline constexpr Format kText_1_0_0{.syntax = Syntax::kText, .version = Version::k1_0_0};
inline constexpr Format kOpenMetrics_0_0_1{.syntax = Syntax::kOpenMetrics, .version = Version::k0_0_1};
inline constexpr Format kOpenMetrics_1_0_0{.syntax = Syntax::kOpenMetrics, .version = Version::k1_0_0};
inline constexpr Format kProtobuf{.syntax = Syntax::kProtobuf, .version = Version::k1_0_0};

// The scheme that names are written with: `escaping` where the format has a choice.
constexpr Escaping effective_escaping(const Format& format) noexcept {
  const bool has_choice = format.syntax == Syntax::kProtobuf || format.version == Version::k1_0_0;
  return has_choice ? format.escaping : Escaping::kUnderscores;
}

// The value of the Content-Type header: with `escaping=` where the format has a choice.
std::string content_type(const Format& format);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_FORMAT_H_
