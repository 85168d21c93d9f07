// SPDX-License-Identifier: Apache-2.0
//
// The labels of one series, as the text that every rendering of it repeats, prepared once.
//
//   const metrics::Labels labels(std::vector<metrics::Labels::Pair>{{"method", "GET"}, {"path", "/a\"b"}});
//   labels.text();    // method="GET",path="/a\"b" with the quote escaped
#ifndef PROMETHEUS_ASYNC_METRICS_LABELS_H_
#define PROMETHEUS_ASYNC_METRICS_LABELS_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::metrics {

// Immutable. Values that are not UTF-8, which would make Prometheus drop the whole scrape, have their offending bytes
// replaced by U+FFFD. Only the text is kept: a million series are a million of these.
class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;  // name, value

  Labels() = default;
  // Names are written as they are if they are [a-zA-Z_][a-zA-Z0-9_]*, and in quotes, with the escapes of a value, if
  // not (https://github.com/prometheus/proposals, UTF-8 support).
  explicit Labels(const std::vector<Pair>& pairs);

  // name="value",name="value" with \, " and newline escaped; empty without labels. In order of construction. The same
  // in Prometheus' text format and in OpenMetrics.
  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  // Whether a name had to be quoted, which older formats cannot read.
  bool has_quoted_names() const noexcept { return has_quoted_names_; }

  // Names and values as they were given, out of the text.
  std::vector<Pair> pairs() const;

  // Whether these are the values, in order. REQUIRES: as many as there are labels. Allocates nothing.
  bool has_values(std::span<const std::string_view> values) const noexcept;

 private:
  bool has_plain_values(std::span<const std::string_view> values) const noexcept;

  std::string text_;
  bool has_quoted_names_ = false;
  bool has_escapes_ = false;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_LABELS_H_
