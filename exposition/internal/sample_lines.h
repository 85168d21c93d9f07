// SPDX-License-Identifier: Apache-2.0
//
// Lines of samples, which Prometheus' text and OpenMetrics share. What repeats is prepared: a sample's name once a
// family, the labels `le` once for histograms with the same bounds, the labels of a series when it was made. A line is
// three copies and a number.
//
//   lines.prepare(name, "requests", "_total");
//   lines.sample(name, lines.text_of(labels), 3.0);      // requests_total{path="/"} 3
#ifndef PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_SAMPLE_LINES_H_
#define PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_SAMPLE_LINES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/escaping.h"
#include "exposition/internal/page_buffer.h"
#include "exposition/number.h"
#include "metrics/collector.h"

namespace prometheus_async::exposition::internal {

// What precedes a sample's labels, or its value if it has none.
struct SampleName {
  std::string alone;  // `name ` or `{"name"} `
  std::string open;   // `name{` or `{"name",`
};

enum class Exemplars : bool { kNone, kWritten };
enum class Bounds : bool { kFloats, kNumbers };  // le="1.0", le="1"

class SampleLines {
 public:
  SampleLines(std::string& page, Escaping escaping, Bounds spelling = Bounds::kFloats)
      : page_(page), escaping_(escaping), spelling_(spelling) {}

  PageBuffer& page() noexcept { return page_; }

  // For the samples of a family that are called its name and `suffix`. `family` is in the scheme.
  static void prepare(SampleName& name, std::string_view family, std::string_view suffix);

  // The family's name in the scheme, not quoted.
  std::string scheme_name(std::string_view family) const;
  // The name of a label, in the scheme and quoted if it has to be.
  std::string scheme_label(std::string_view label) const;

  // The labels' text in the scheme. Valid until the next call.
  std::string_view text_of(const metrics::Labels& labels) {
    return labels.has_quoted_names() ? rewritten(labels) : labels.text();
  }

  template <class Number>
  void sample(const SampleName& name, std::string_view labels, Number value,
              const metrics::ExemplarSample* exemplar = nullptr) {
    end_line(write_number(start(name, labels), value), exemplar);
  }

  // name_created, in seconds with no exponent. REQUIRES: is_timestamp(seconds).
  void timestamp(const SampleName& name, std::string_view labels, double seconds) {
    end_line(write_timestamp(start(name, labels), seconds), nullptr);
  }

  // Cumulative, the last for +Inf; returns that.
  std::uint64_t buckets(const SampleName& name, std::string_view labels, const metrics::HistogramSnapshot& snapshot,
                        Exemplars exemplars);

  void quantile(const SampleName& name, std::string_view labels, double quantile, double value);

  // One line a state. `label` comes from scheme_label().
  void states(const SampleName& name, std::string_view labels, std::string_view label,
              std::span<const metrics::State> states);

 private:
  // `,le="0.5"} ` in an array of one size: it is copied whole, faster than its length is looked at.
  struct BoundLabel {
    static constexpr std::size_t kSize = 40;
    std::array<char, kSize + 1> text{};  // the last is spare: what is copied may begin after the comma
    std::size_t size = 0;
  };

  // Name and labels, with room for a number and the end of the line.
  char* start(const SampleName& name, std::string_view labels) {
    char* at = page_.room(name.open.size() + labels.size() + kNumberSize + 8);
    if (labels.empty()) return put(at, name.alone);
    at = put(put(at, name.open), labels);
    *at++ = '}';
    *at++ = ' ';
    return at;
  }

  void end_line(char* at, const metrics::ExemplarSample* exemplar) {
    if (exemplar != nullptr) [[unlikely]] {
      at = put_exemplar(at, *exemplar);
    }
    *at++ = '\n';
    page_.wrote(at);
  }

  // Writes it to `at`, the end of the page, and returns the end, with room for a newline.
  char* put_exemplar(char* at, const metrics::ExemplarSample& exemplar);

  std::string_view rewritten(const metrics::Labels& labels);
  char* put_bound(char* to, double bound) const noexcept {
    return spelling_ == Bounds::kFloats ? write_bound(to, bound) : write_number(to, bound);
  }
  void prepare_bounds(std::span<const double> bounds);

  PageBuffer page_;
  const Escaping escaping_;
  const Bounds spelling_;
  std::string rewritten_;
  std::vector<double> bounds_;            // what bound_labels_ are for
  std::vector<BoundLabel> bound_labels_;  // the last is for +Inf
};

}  // namespace prometheus_async::exposition::internal

#endif  // PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_SAMPLE_LINES_H_
