// SPDX-License-Identifier: Apache-2.0
#include "exposition/text_serializer.h"

#include <cstddef>
#include <map>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "exposition/text_encoder.h"
#include "metrics/collector.h"
#include "metrics/internal/prometheus_cpp.h"
#include "metrics/labels.h"

namespace prometheus_async::exposition {
namespace {

// The families of one name.
struct Merged {
  metrics::FamilyInfo info;
  std::vector<const prometheus::MetricFamily*> parts;
};

// In the order in which their names come first.
std::vector<Merged> merge(const std::vector<prometheus::MetricFamily>& families) {
  std::vector<Merged> merged;
  std::map<std::string, std::size_t, std::less<>> by_name;  // index into merged
  for (const prometheus::MetricFamily& family : families) {
    metrics::FamilyInfo info = metrics::internal::info_of(family);
    const auto [it, is_new] = by_name.try_emplace(info.name, merged.size());
    if (is_new) {
      merged.push_back({std::move(info), {}});
    } else if (merged[it->second].info.type != info.type) {
      throw std::runtime_error("metric \"" + info.name + "\" is a " +
                               std::string(metrics::to_string(merged[it->second].info.type)) + " in one source and a " +
                               std::string(metrics::to_string(info.type)) + " in another");
    }
    merged[it->second].parts.push_back(&family);
  }
  return merged;
}

void write(const Merged& family, TextEncoder& encoder) {
  encoder.family(family.info);
  std::set<std::string, std::less<>> seen;
  for (const prometheus::MetricFamily* const part : family.parts) {
    for (const prometheus::ClientMetric& metric : part->metric) {
      const metrics::Labels labels = metrics::internal::labels_of(metric);
      if (family.parts.size() > 1 && !seen.emplace(labels.text()).second) {
        throw std::runtime_error("metric \"" + family.info.name + "{" + std::string(labels.text()) +
                                 "}\" comes from two sources");
      }
      metrics::internal::write_series(metric, part->type, labels, encoder);
    }
  }
}

}  // namespace

std::string TextSerializer::Serialize(const std::vector<prometheus::MetricFamily>& families) const {
  std::string page;
  TextEncoder encoder(page, format_);
  for (const Merged& family : merge(families)) write(family, encoder);
  encoder.finish();
  return page;
}

void TextSerializer::Serialize(std::ostream& out, const std::vector<prometheus::MetricFamily>& families) const {
  out << Serialize(families);
}

}  // namespace prometheus_async::exposition
