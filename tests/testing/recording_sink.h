// SPDX-License-Identifier: Apache-2.0
//
// What a collector writes, a line for each call, for collectors that are tested without a registry:
//
//   gauge queued_bytes [bytes]            a family: type, name, unit if it has one
//   {queue="mail"} 3
//   {} [1, 2] 3 1 0 sum 12                a histogram: bounds, counts of the buckets alone
//   {} +on -off                           a state set
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_RECORDING_SINK_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_RECORDING_SINK_H_

#include <charconv>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/collector.h"
#include "metrics/labels.h"

namespace prometheus_async::testing {

class RecordingSink final : public metrics::Sink {
 public:
  RecordingSink() = default;
  explicit RecordingSink(const metrics::Collector& collector) { collector.collect(*this); }

  void family(const metrics::FamilyInfo& info) override {
    family_ = info.name;
    lines.push_back(std::string(to_string(info.type)) + " " + info.name +
                    (info.unit.empty() ? "" : " [" + info.unit + "]"));
  }
  void counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) override {
    value(labels, snapshot.value());
  }
  void value(const metrics::Labels& labels, double value) override {
    lines.push_back(head(labels) + number(value));
    keep("", labels, value);
  }
  void histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) override {
    std::string line = head(labels) + "[";
    for (const double bound : snapshot.bounds) line += (line.ends_with('[') ? "" : ", ") + number(bound);
    line += "]";
    for (const auto count : snapshot.counts) line += " " + std::to_string(count);
    lines.push_back(line + " sum " + number(snapshot.sum));
    keep("_count", labels, static_cast<double>(snapshot.count()));
    keep("_sum", labels, snapshot.sum);
  }
  void summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) override {
    lines.push_back(head(labels) + "count " + std::to_string(snapshot.count) + " sum " + number(snapshot.sum));
  }
  void state_set(const metrics::Labels& labels, std::span<const metrics::State> states) override {
    std::string line = head(labels);
    for (const metrics::State& state : states) {
      line += (line.ends_with(' ') ? "" : " ") + std::string(state.is_on ? "+" : "-") + std::string(state.name);
    }
    lines.push_back(line);
  }

  std::vector<std::string> lines;
  std::map<std::string, double> values;  // by name, or name{labels}; of a histogram, name_count and name_sum

 private:
  static std::string head(const metrics::Labels& labels) { return "{" + std::string(labels.text()) + "} "; }
  void keep(const char* suffix, const metrics::Labels& labels, double value) {
    values[family_ + suffix + (labels.empty() ? "" : "{" + std::string(labels.text()) + "}")] = value;
  }
  static std::string number(double value) {
    char text[32];
    return std::string(text, std::to_chars(text, text + sizeof(text), value).ptr);
  }

  std::string family_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_RECORDING_SINK_H_
