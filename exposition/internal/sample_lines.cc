// SPDX-License-Identifier: Apache-2.0
#include "exposition/internal/sample_lines.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "exposition/internal/names.h"
#include "metrics/names.h"

namespace prometheus_async::exposition::internal {
namespace {

constexpr std::size_t kBlock = 16;

// Copies `size` bytes, and what makes whole blocks of them: faster than a call for a size that is not known. `to` is
// after what is copied, and has room for the whole blocks.
char* put_blocks(char* to, const char* from, std::size_t size) noexcept {
  for (std::size_t done = 0; done < size; done += kBlock) std::memmove(to + done, from + done, kBlock);
  return to + size;
}

}  // namespace

void SampleLines::prepare(SampleName& name, std::string_view family, std::string_view suffix) {
  const bool is_classic = metrics::is_classic_metric_name(family);
  name.open.clear();
  if (!is_classic) name.open += "{\"";
  if (is_classic) {
    name.open += family;
  } else {
    append_escaped(name.open, family);
  }
  name.open += suffix;
  if (!is_classic) name.open += '"';
  name.alone = name.open;
  name.open += is_classic ? '{' : ',';
  name.alone += is_classic ? " " : "} ";
}

std::string SampleLines::scheme_name(std::string_view family) const {
  return internal::scheme_name(family, escaping_, NameKind::kMetric);
}

std::string SampleLines::scheme_label(std::string_view label) const {
  return quoted_unless_classic(internal::scheme_name(label, escaping_, NameKind::kLabel), NameKind::kLabel);
}

std::string_view SampleLines::rewritten(const metrics::Labels& labels) {
  if (escaping_ == Escaping::kAllowUtf8) return labels.text();
  rewritten_ = labels_in_scheme(labels.text(), escaping_);
  return rewritten_;
}

char* SampleLines::put_exemplar(char* at, const metrics::ExemplarSample& exemplar) {
  page_.wrote(at);
  std::string rewritten;
  std::string_view labels = exemplar.labels.text();
  if (exemplar.labels.has_quoted_names() && escaping_ != Escaping::kAllowUtf8) {
    rewritten = labels_in_scheme(labels, escaping_);
    labels = rewritten;
  }
  at = page_.room(labels.size() + 2 * kNumberSize + 16);
  at = put(put(put(at, " # {"), labels), "} ");
  at = write_number(at, exemplar.value);
  if (is_timestamp(exemplar.timestamp)) at = write_timestamp(put(at, ' '), exemplar.timestamp);
  return at;
}

void SampleLines::prepare_bounds(std::span<const double> bounds) {
  if (!bound_labels_.empty() && std::ranges::equal(bounds, bounds_)) return;
  bounds_.assign(bounds.begin(), bounds.end());
  bound_labels_.clear();
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    BoundLabel label;
    char* at = put(label.text.data(), ",le=\"");
    at = put_bound(at, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity());
    at = put(at, "\"} ");
    label.size = static_cast<std::size_t>(at - label.text.data());
    bound_labels_.push_back(label);
  }
}

std::uint64_t SampleLines::buckets(const SampleName& name, std::string_view labels,
                                   const metrics::HistogramSnapshot& snapshot, Exemplars exemplars) {
  prepare_bounds(snapshot.bounds);
  const std::size_t head_size = name.open.size() + labels.size();
  const std::size_t line_size = head_size + kBlock + BoundLabel::kSize + kNumberSize + 1;
  const std::size_t skipped = labels.empty() ? 1 : 0;  // the comma
  const std::size_t start = page_.size();
  std::size_t lines_left = bound_labels_.size();
  char* at = page_.room(lines_left * line_size);
  const char* head = at;
  auto exemplar = exemplars == Exemplars::kWritten ? snapshot.exemplars.begin() : snapshot.exemplars.end();
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bound_labels_.size(); ++i, --lines_left) {
    if (i < snapshot.counts.size()) below += snapshot.counts[i];
    if (i == 0) {
      at = put(put(at, name.open), labels);
    } else {
      at = put_blocks(at, head, head_size);
    }
    const BoundLabel& bound = bound_labels_[i];
    std::memcpy(at, bound.text.data() + skipped, BoundLabel::kSize);
    at = write_number(at + (bound.size - skipped), below);
    const metrics::ExemplarSample* newest = nullptr;
    for (; exemplar != snapshot.exemplars.end() && exemplar->first <= i; ++exemplar) {
      if (newest == nullptr || exemplar->second->timestamp > newest->timestamp) newest = exemplar->second.get();
    }
    if (newest != nullptr) {
      page_.wrote(put_exemplar(at, *newest));
      at = page_.room(lines_left * line_size);
      head = page_.at(start);
    }
    *at++ = '\n';
  }
  page_.wrote(at);
  return below;
}

void SampleLines::quantile(const SampleName& name, std::string_view labels, double quantile, double value) {
  char* at = page_.room(name.open.size() + labels.size() + 2 * kNumberSize + 16);
  at = put(put(at, name.open), labels);
  at = put(at, labels.empty() ? "quantile=\"" : ",quantile=\"");
  at = put(put_bound(at, quantile), "\"} ");
  end_line(write_number(at, value), nullptr);
}

void SampleLines::states(const SampleName& name, std::string_view labels, std::string_view label,
                         std::span<const metrics::State> states) {
  std::string tail;
  for (const metrics::State& state : states) {
    tail.clear();
    if (!labels.empty()) tail += ',';
    tail += label;
    tail += "=\"";
    append_escaped(tail, state.name);
    tail += state.is_on ? "\"} 1\n" : "\"} 0\n";
    char* const at = page_.room(name.open.size() + labels.size() + tail.size());
    page_.wrote(put(put(put(at, name.open), labels), tail));
  }
}

}  // namespace prometheus_async::exposition::internal
