// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.h"

#include <algorithm>
#include <exception>
#include <mutex>

#include "absl/strings/str_cat.h"

#include "metrics/internal/prometheus_cpp.h"
#include "metrics/internal/sample_finder.h"
#include "metrics/internal/sample_names.h"
#include "metrics/internal/scrape_sinks.h"
#include "metrics/internal/self_counts.h"
#include "metrics/names.h"
#include "metrics/process_collector.h"
#include "metrics/self_metrics.h"

namespace prometheus_async::metrics {
namespace {

template <class M>
constexpr MetricType kTypeOf = MetricType::kUnknown;
template <>
constexpr MetricType kTypeOf<Counter> = MetricType::kCounter;
template <>
constexpr MetricType kTypeOf<Gauge> = MetricType::kGauge;
template <>
constexpr MetricType kTypeOf<Summary> = MetricType::kSummary;

// Whether a family is one of those that a scrape asked for.
class Wanted {
 public:
  explicit Wanted(const std::vector<std::string>& names) : names_(names) {}

  bool everything() const noexcept { return names_.empty(); }
  bool operator()(const FamilyInfo& info) const {
    return everything() || std::ranges::any_of(internal::sample_names(info), [&](const std::string& name) {
             return std::ranges::find(names_, name) != names_.end();
           });
  }

 private:
  const std::vector<std::string>& names_;
};

void check_deadline(const CollectOptions& options) {
  if (!options.deadline || std::chrono::steady_clock::now() < *options.deadline) return;
  throw CollectTimeout("the metrics could not be collected in the time that the scrape had");
}

}  // namespace

Registry::Registry() = default;
Registry::~Registry() = default;

void Registry::enter(std::shared_ptr<const Collector> collector) {
  auto entry = std::make_shared<Entry>(Entry{std::move(collector), {}, {}});
  entry->families = entry->collector->describe();
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string, std::less<>> claimed;
  for (const FamilyInfo& info : entry->families) {
    internal::check_family(info);
    for (const std::string& name : internal::sample_names(info)) {
      const std::string classic = underscored(name);
      const auto taken = claimed_.find(classic);
      if (taken != claimed_.end()) {
        throw std::invalid_argument(absl::StrCat("metric \"", info.name, "\": the name \"", name,
                                                 "\" is taken by metric \"", taken->second, "\", registered before"));
      }
      if (!claimed.emplace(classic, info.name).second && claimed.at(classic) != info.name) {
        throw std::invalid_argument(absl::StrCat("metric \"", info.name, "\": the name \"", name,
                                                 "\" is taken by metric \"", claimed.at(classic),
                                                 "\" of the same collector"));
      }
    }
  }
  for (const auto& [name, family] : claimed) entry->claimed.push_back(name);
  entries_.push_back(std::move(entry));
  claimed_.merge(claimed);
}

void Registry::add(std::shared_ptr<const Collector> collector) {
  if (collector == nullptr) throw std::invalid_argument("Registry::add: the collector is null");
  enter(std::move(collector));
}

bool Registry::unregister(std::string_view name) {
  std::shared_ptr<const Entry> removed;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(entries_, [&](const auto& entry) {
    return std::ranges::any_of(entry->families, [&](const FamilyInfo& info) { return info.name == name; });
  });
  if (found == entries_.end()) return false;
  removed = std::move(*found);
  entries_.erase(found);
  for (const std::string& claimed : removed->claimed) claimed_.erase(claimed);
  // Instruments without labels have no face that keeps them.
  families_.push_back(std::const_pointer_cast<Collector>(removed->collector));
  return true;
}

template <class M>
std::shared_ptr<internal::Children<M>> Registry::add_plain(std::string_view name, std::string_view help, Names labels,
                                                           FamilyOptions options) {
  FamilyInfo info = internal::make_info(name, help, kTypeOf<M>, options.unit);
  internal::check_labels(info, labels);
  auto children = std::make_shared<internal::Children<M>>(
      std::move(info), std::move(labels), std::move(options),
      [](Labels values, std::size_t hash) { return std::make_shared<internal::Child<M>>(std::move(values), hash); });
  enter(children);
  return children;
}
template std::shared_ptr<internal::Children<Counter>> Registry::add_plain(std::string_view, std::string_view, Names,
                                                                          FamilyOptions);
template std::shared_ptr<internal::Children<Gauge>> Registry::add_plain(std::string_view, std::string_view, Names,
                                                                        FamilyOptions);
template std::shared_ptr<internal::Children<Summary>> Registry::add_plain(std::string_view, std::string_view, Names,
                                                                          FamilyOptions);

std::shared_ptr<internal::Children<Histogram>> Registry::add_histogram(std::string_view name, std::string_view help,
                                                                       Names labels, HistogramOptions options) {
  FamilyInfo info = internal::make_info(name, help, MetricType::kHistogram, options.family.unit);
  internal::check_labels(info, labels);
  auto bounds = std::make_shared<const internal::BucketBounds>(checked_buckets(name, std::move(options.buckets)));
  auto children = std::make_shared<internal::Children<Histogram>>(
      std::move(info), std::move(labels), std::move(options.family), [bounds](Labels values, std::size_t hash) {
        return std::make_shared<internal::Child<Histogram>>(std::move(values), hash, bounds);
      });
  enter(children);
  return children;
}

std::shared_ptr<internal::Children<NativeHistogram>> Registry::add_native_histogram(std::string_view name,
                                                                                    std::string_view help, Names labels,
                                                                                    NativeHistogramOptions options) {
  FamilyInfo info = internal::make_info(name, help, MetricType::kHistogram, options.family.unit);
  internal::check_labels(info, labels);
  check_native_options(name, options.native);
  if (!options.classic.empty()) options.classic = checked_buckets(name, std::move(options.classic));
  auto classic = std::make_shared<const internal::BucketBounds>(std::move(options.classic));
  auto children = std::make_shared<internal::Children<NativeHistogram>>(
      std::move(info), std::move(labels), std::move(options.family),
      [classic, native = options.native](Labels values, std::size_t hash) {
        return std::make_shared<internal::Child<NativeHistogram>>(std::move(values), hash, native, classic);
      });
  enter(children);
  return children;
}

std::shared_ptr<internal::Functions> Registry::add_functions(std::string_view name, std::string_view help,
                                                             MetricType type, Names labels) {
  FamilyInfo info = internal::make_info(name, help, type, "");
  internal::check_labels(info, labels);
  auto functions = std::make_shared<internal::Functions>(std::move(info), std::move(labels));
  enter(functions);
  return functions;
}

template <class M>
M& Registry::only_child(std::shared_ptr<internal::Children<M>> children) {
  return children->reference({});
}

Counter& Registry::counter(std::string_view name, std::string_view help, FamilyOptions options) {
  return only_child(add_plain<Counter>(name, help, {}, std::move(options)));
}
Gauge& Registry::gauge(std::string_view name, std::string_view help, FamilyOptions options) {
  return only_child(add_plain<Gauge>(name, help, {}, std::move(options)));
}
Histogram& Registry::histogram(std::string_view name, std::string_view help, HistogramOptions options) {
  return only_child(add_histogram(name, help, {}, std::move(options)));
}
NativeHistogram& Registry::native_histogram(std::string_view name, std::string_view help,
                                            NativeHistogramOptions options) {
  return only_child(add_native_histogram(name, help, {}, std::move(options)));
}
Summary& Registry::summary(std::string_view name, std::string_view help, FamilyOptions options) {
  return only_child(add_plain<Summary>(name, help, {}, std::move(options)));
}

FunctionHandle Registry::counter_function(std::string_view name, std::string_view help,
                                          std::function<double()> function) {
  const auto functions = add_functions(name, help, MetricType::kCounter, {});
  return {functions, functions->add({}, std::move(function))};
}
FunctionHandle Registry::gauge_function(std::string_view name, std::string_view help,
                                        std::function<double()> function) {
  const auto functions = add_functions(name, help, MetricType::kGauge, {});
  return {functions, functions->add({}, std::move(function))};
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

std::vector<CollectError> Registry::collect(Sink& sink, const CollectOptions& options) const {
  // Copies, so that registering never waits for a scrape.
  std::vector<std::shared_ptr<const Entry>> entries;
  std::vector<std::shared_ptr<prometheus::Collectable>> sources;
  {
    const std::shared_lock lock(mutex_);
    entries = entries_;
    sources = adopted_;
  }
  std::vector<CollectError> errors;
  const auto attempt = [&](const std::string& name, const auto& work) {
    check_deadline(options);
    const auto failed = [&](const char* message) {
      if (options.on_error == CollectOptions::OnError::kThrow) throw;
      internal::count_collector_error(name);
      errors.push_back({name, message});
    };
    try {
      work();
      return true;
    } catch (const CollectTimeout&) {
      throw;
    } catch (const std::exception& error) {
      failed(error.what());
    } catch (...) {
      failed("an exception that is no std::exception");
    }
    return false;
  };

  std::vector<std::vector<prometheus::MetricFamily>> collected(sources.size());
  internal::AdoptedFamilies adopted;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    attempt("adopted", [&] {
      collected[i] = sources[i]->Collect();
      adopted.add(collected[i]);
    });
  }

  const Wanted wanted(options.names);
  internal::FamilyFilter filter(sink, wanted);
  Sink& filtered = wanted.everything() ? sink : filter;
  internal::MergedFamilies merged(filtered, adopted);
  Sink& target = adopted.empty() ? filtered : merged;
  for (const auto& entry : entries) {
    if (!wanted.everything() && std::ranges::none_of(entry->families, wanted)) continue;
    target.checkpoint();
    const bool is_complete = attempt(entry->families.empty() ? "" : entry->families.front().name, [&] {
      entry->collector->collect(target);
      merged.close_family();
    });
    if (!is_complete) target.rollback();
  }
  target.checkpoint();
  if (!attempt("adopted", [&] { merged.write_rest(); })) target.rollback();
  return errors;
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
  static Registry& registry = []() -> Registry& {
    Registry& made = *new Registry;  // never destroyed: threads may record until the very end
    made.add(process_collector());
    made.add(self_metrics());
    return made;
  }();
  return registry;
}

}  // namespace prometheus_async::metrics
