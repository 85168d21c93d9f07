// SPDX-License-Identifier: Apache-2.0
//
// Sinks that stand between a registry's collectors and the sink of a scrape.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_SCRAPE_SINKS_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_SCRAPE_SINKS_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "metrics/collector.h"

namespace prometheus_async::metrics::internal {

// Passes on the families that `wanted` says, and their series.
class FamilyFilter final : public Sink {
 public:
  FamilyFilter(Sink& sink, std::function<bool(const FamilyInfo&)> wanted) : sink_(sink), wanted_(std::move(wanted)) {}

  void family(const FamilyInfo& info) override;
  void counter(const Labels& labels, const CounterSnapshot& snapshot) override;
  void value(const Labels& labels, double value) override;
  void histogram(const Labels& labels, const HistogramSnapshot& snapshot) override;
  void summary(const Labels& labels, const SummarySnapshot& snapshot) override;
  void state_set(const Labels& labels, std::span<const State> states) override;
  void checkpoint() override { sink_.checkpoint(); }
  void rollback() override { sink_.rollback(); }

 private:
  Sink& sink_;
  const std::function<bool(const FamilyInfo&)> wanted_;
  bool is_open_ = false;
};

// The families of what a registry has adopted, those of one name together.
class AdoptedFamilies {
 public:
  // Throws std::runtime_error where families of one name are of two types.
  void add(const std::vector<prometheus::MetricFamily>& families);
  bool empty() const noexcept { return families_.empty(); }

 private:
  friend class MergedFamilies;
  struct Family {
    FamilyInfo info;
    std::vector<const prometheus::MetricFamily*> parts;
  };
  std::vector<Family> families_;
  std::map<std::string, std::size_t> by_name_;  // index into families_
};

// Passes families on, and adds to each the series of the adopted one of the same name, checking that no series comes
// twice; then the adopted ones that are left. Throws std::runtime_error where types or series clash.
class MergedFamilies final : public Sink {
 public:
  MergedFamilies(Sink& sink, const AdoptedFamilies& adopted)
      : sink_(sink), adopted_(adopted), is_written_(adopted.families_.size()) {}

  void family(const FamilyInfo& info) override;
  void counter(const Labels& labels, const CounterSnapshot& snapshot) override;
  void value(const Labels& labels, double value) override;
  void histogram(const Labels& labels, const HistogramSnapshot& snapshot) override;
  void summary(const Labels& labels, const SummarySnapshot& snapshot) override;
  void state_set(const Labels& labels, std::span<const State> states) override;
  void checkpoint() override;
  void rollback() override;

  // Adds to the family that is open. Between collectors.
  void close_family();
  // All that no family has shared its name with.
  void write_rest();

 private:
  void write_parts(std::size_t index);
  void check_once(const Labels& labels);

  Sink& sink_;
  const AdoptedFamilies& adopted_;
  std::vector<bool> is_written_;        // by index into adopted_
  std::optional<std::size_t> sharing_;  // the adopted family that shares the name of the open one
  std::set<std::string> seen_;          // series of the open family, while it may get some twice
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_SCRAPE_SINKS_H_
