// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.h"

#include <mutex>
#include <set>
#include <stdexcept>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "metrics/internal/prometheus_cpp.h"
#include "metrics/internal/sample_finder.h"
#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::metrics {
namespace {

// Every name under which samples of the family appear. They are all taken.
std::vector<std::string> sample_names(const FamilyInfo& info) {
  std::vector<std::string> names{info.name};
  if (info.type == MetricType::kHistogram) {
    for (const char* const suffix : {"_bucket", "_sum", "_count"}) names.push_back(info.name + suffix);
  }
  return names;
}

// The head of a family, its name and labels checked.
FamilyInfo make_info(std::string_view name, std::string_view help, MetricType type,
                     std::span<const char* const> labels) {
  check_metric_name(name);
  std::set<std::string_view> seen;
  for (const std::string_view label : labels) {
    check_label_name(name, label);
    if (type == MetricType::kHistogram && label == "le") {
      throw std::invalid_argument(
          absl::StrCat("label \"le\" of metric \"", std::string(name), "\" is what a histogram calls its buckets"));
    }
    if (!seen.insert(label).second) {
      throw std::invalid_argument(
          absl::StrCat("label \"", std::string(label), "\" of metric \"", std::string(name), "\" is given twice"));
    }
  }
  FamilyInfo info{std::string(name), std::string(help), type};
  if (type == MetricType::kCounter && !absl::EndsWith(info.name, "_total")) info.name += "_total";
  make_utf8(info.help);
  return info;
}

// The adopted families of one name.
struct AdoptedFamily {
  FamilyInfo info;
  std::vector<const prometheus::MetricFamily*> parts;
  bool written = false;
};

// Passes series on, remembering them, so that the same one is not written twice.
class UniqueSeries final : public Sink {
 public:
  UniqueSeries(Sink& sink, const FamilyInfo& info) : sink_(sink), info_(info) {}

  void family(const FamilyInfo&) override {}
  void value(const Labels& labels, double value) override {
    check(labels);
    sink_.value(labels, value);
  }
  void histogram(const Labels& labels, const HistogramSnapshot& snapshot) override {
    check(labels);
    sink_.histogram(labels, snapshot);
  }
  void summary(const Labels& labels, const SummarySnapshot& snapshot) override {
    check(labels);
    sink_.summary(labels, snapshot);
  }

 private:
  void check(const Labels& labels) {
    if (seen_.emplace(labels.text()).second) return;
    throw std::runtime_error(
        absl::StrCat("metric \"", info_.name, "{", std::string(labels.text()), "}\" comes from two sources"));
  }

  Sink& sink_;
  const FamilyInfo& info_;
  std::set<std::string> seen_;
};

void check_type(const FamilyInfo& first, const FamilyInfo& second) {
  if (first.type == second.type) return;
  throw std::runtime_error(absl::StrCat("metric \"", first.name, "\" is a ", std::string(to_string(first.type)),
                                        " in one source and a ", std::string(to_string(second.type)), " in another"));
}

void write_parts(const AdoptedFamily& adopted, Sink& sink) {
  for (const prometheus::MetricFamily* const part : adopted.parts) {
    for (const prometheus::ClientMetric& metric : part->metric) {
      internal::write_series(metric, part->type, internal::labels_of(metric), sink);
    }
  }
}

}  // namespace

Registry::Registry() = default;
Registry::~Registry() = default;

template <class M>
internal::Children<M>& Registry::add(std::unique_ptr<internal::Children<M>> children) {
  internal::Children<M>& added = *children;
  const std::vector<std::string> names = sample_names(added.info());
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    const auto taken = claimed_.find(name);
    if (taken == claimed_.end()) continue;
    throw std::invalid_argument(absl::StrCat("metric \"", added.info().name, "\": the name \"", name,
                                             "\" is taken by metric \"", taken->second, "\", registered before"));
  }
  for (const std::string& name : names) claimed_.emplace(name, added.info().name);
  collectors_.push_back(std::move(children));
  return added;
}

internal::Children<Counter>& Registry::add_counter(std::string_view name, std::string_view help, Names labels) {
  return add(std::make_unique<internal::Children<Counter>>(make_info(name, help, MetricType::kCounter, labels),
                                                           std::vector<std::string>(labels.begin(), labels.end()),
                                                           [] { return std::make_unique<Counter>(); }));
}

internal::Children<Gauge>& Registry::add_gauge(std::string_view name, std::string_view help, Names labels) {
  return add(std::make_unique<internal::Children<Gauge>>(make_info(name, help, MetricType::kGauge, labels),
                                                         std::vector<std::string>(labels.begin(), labels.end()),
                                                         [] { return std::make_unique<Gauge>(); }));
}

internal::Children<Histogram>& Registry::add_histogram(std::string_view name, std::string_view help, Names labels,
                                                       HistogramOptions options) {
  return add(std::make_unique<internal::Children<Histogram>>(
      make_info(name, help, MetricType::kHistogram, labels), std::vector<std::string>(labels.begin(), labels.end()),
      [buckets = checked_buckets(name, std::move(options.buckets))] { return std::make_unique<Histogram>(buckets); }));
}

Counter& Registry::counter(std::string_view name, std::string_view help) {
  return add_counter(name, help, {}).child({});
}
Gauge& Registry::gauge(std::string_view name, std::string_view help) { return add_gauge(name, help, {}).child({}); }
Histogram& Registry::histogram(std::string_view name, std::string_view help, HistogramOptions options) {
  return add_histogram(name, help, {}, std::move(options)).child({});
}

void Registry::keep(std::shared_ptr<void> family) {
  const std::lock_guard lock(mutex_);
  families_.push_back(std::move(family));
}

void Registry::adopt(std::shared_ptr<prometheus::Collectable> collectable) {
  if (collectable == nullptr) throw std::invalid_argument("Registry::adopt: the Collectable is null");
  const std::lock_guard lock(mutex_);
  adopted_.push_back(std::move(collectable));
}

void Registry::collect(Sink& sink) const {
  // Collectors are never removed, so pointers to them stay good without the lock: registering never waits for a scrape.
  std::vector<const Collector*> collectors;
  std::vector<std::shared_ptr<prometheus::Collectable>> sources;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& collector : collectors_) collectors.push_back(collector.get());
    sources = adopted_;
  }

  std::vector<std::vector<prometheus::MetricFamily>> collected;
  for (const auto& source : sources) collected.push_back(source->Collect());
  std::vector<AdoptedFamily> adopted;
  std::map<std::string, std::size_t> by_name;  // index into adopted
  for (const auto& families : collected) {
    for (const prometheus::MetricFamily& family : families) {
      FamilyInfo info = internal::info_of(family);
      const auto [it, is_new] = by_name.try_emplace(info.name, adopted.size());
      if (is_new)
        adopted.push_back({std::move(info), {}, false});
      else
        check_type(adopted[it->second].info, info);
      adopted[it->second].parts.push_back(&family);
    }
  }

  for (const Collector* const collector : collectors) {
    const auto same_name = by_name.find(collector->info().name);
    if (same_name == by_name.end()) {
      sink.family(collector->info());
      collector->collect(sink);
      continue;
    }
    AdoptedFamily& more = adopted[same_name->second];
    check_type(collector->info(), more.info);
    sink.family(collector->info());
    UniqueSeries unique(sink, collector->info());
    collector->collect(unique);
    write_parts(more, unique);
    more.written = true;
  }
  for (const AdoptedFamily& family : adopted) {
    if (family.written) continue;
    sink.family(family.info);
    UniqueSeries unique(sink, family.info);
    write_parts(family, family.parts.size() > 1 ? static_cast<Sink&>(unique) : sink);
  }
}

std::vector<prometheus::MetricFamily> Registry::Collect() const {
  internal::MetricFamilySink sink;
  collect(sink);
  return sink.take();
}

std::optional<double> Registry::get_sample_value(
    std::string_view name, std::initializer_list<std::pair<std::string_view, std::string_view>> labels) const {
  internal::SampleFinder finder(name, labels);
  collect(finder);
  return finder.found();
}

Registry& default_registry() {
  static Registry& registry = *new Registry;  // never destroyed: threads may record until the very end
  return registry;
}

}  // namespace prometheus_async::metrics
