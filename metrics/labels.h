// SPDX-License-Identifier: Apache-2.0
//
// The labels of one series, with the text that every rendering of it repeats, prepared once.
//
//   const metrics::Labels labels(std::vector<metrics::Labels::Pair>{{"method", "GET"}, {"path", "/a\"b"}});
//   labels.text();    // method="GET",path="/a\"b" with the quote escaped
#ifndef PROMETHEUS_ASYNC_METRICS_LABELS_H_
#define PROMETHEUS_ASYNC_METRICS_LABELS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::metrics {

// Immutable. Values that are not UTF-8, which would make Prometheus drop the whole scrape, have their offending bytes
// replaced by U+FFFD.
class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;  // name, value

  Labels() = default;
  explicit Labels(std::vector<Pair> pairs);

  const std::vector<Pair>& pairs() const noexcept { return pairs_; }

  // name="value",name="value" with \, " and newline escaped; empty without labels. The same in Prometheus' text format
  // and in OpenMetrics.
  std::string_view text() const noexcept { return text_; }

 private:
  std::vector<Pair> pairs_;
  std::string text_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_LABELS_H_
