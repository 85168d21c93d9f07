// SPDX-License-Identifier: Apache-2.0
#include "tests/exposition/random_registry.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string_view>

#include "metrics/gauge_histogram.h"
#include "metrics/info.h"
#include "metrics/native_histogram.h"
#include "metrics/state_set.h"

namespace prometheus_async::testing {
namespace {

using metrics::MetricType;

// Pieces of label values and help texts: what formats escape or give a meaning to, what parsers trip over.
constexpr std::array<std::string_view, 32> kPieces = {
    "\\",
    "\"",
    "\n",
    "\\n",
    "\r",
    "\t",
    " ",
    "{",
    "}",
    ",",
    "=",
    "#",
    " # {",
    "# EOF\n",
    "'",
    "+Inf",
    "NaN",
    "1e5",
    "a",
    "B",
    "_total",
    "le",
    "/",
    "%2F",
    "\x01",
    "\x7f",
    "\xc3\xa9",          // e with an acute accent
    "\xe6\xbc\xa2",      // a Chinese character
    "\xf0\x9f\x98\x80",  // beyond the basic plane
    "\xe2\x80\xa8",      // line separator
    "\xc2\x85",          // next line
    "\xef\xbb\xbf",      // byte order mark
};

// Pieces of names that are not classic.
constexpr std::array<std::string_view, 10> kNamePieces = {
    ".", "-", " ", "/", "{", "\"", "\\", "\xc3\xbc", "\xe6\xbc\xa2", "1"};

// A family whose samples are given.
class Given final : public metrics::Collector {
 public:
  Given(metrics::FamilyInfo info, std::function<void(metrics::Sink&)> write)
      : info_(std::move(info)), write_(std::move(write)) {}
  std::vector<metrics::FamilyInfo> describe() const override { return {info_}; }
  void collect(metrics::Sink& sink) const override {
    sink.family(info_);
    write_(sink);
  }

 private:
  const metrics::FamilyInfo info_;
  const std::function<void(metrics::Sink&)> write_;
};

template <class Family, class Values>
auto& child(Family& family, const Values& values) {
  switch (values.size()) {
    case 1: return family.labels(values[0].second);
    case 2: return family.labels(values[0].second, values[1].second);
    default: return family.labels(values[0].second, values[1].second, values[2].second);
  }
}

}  // namespace

RandomRegistry::RandomRegistry(std::uint32_t seed, Options options) : random_(seed), options_(std::move(options)) {
  using Add = void (RandomRegistry::*)(Family&);
  constexpr std::array<Add, 10> kAdd = {
      &RandomRegistry::add_counter,          &RandomRegistry::add_gauge,           &RandomRegistry::add_histogram,
      &RandomRegistry::add_summary,          &RandomRegistry::add_quantiles,       &RandomRegistry::add_info,
      &RandomRegistry::add_state_set,        &RandomRegistry::add_gauge_histogram, &RandomRegistry::add_unknown,
      &RandomRegistry::add_native_histogram,
  };
  for (std::size_t i = 0; i < options_.families; ++i) {
    Family& family = families_.emplace_back();
    // Parsers may strip what stands at the ends.
    family.info.help = one_in(4) ? "" : "x" + text(8) + "x";
    (this->*kAdd[i % kAdd.size()])(family);
  }
}

std::string RandomRegistry::text(std::size_t longest) {
  std::string result;
  for (std::size_t n = up_to(longest); n > 0; --n) result += kPieces[up_to(kPieces.size() - 1)];
  return result;
}

// No two names are the same, however they are escaped.
std::string RandomRegistry::name(const std::string& ending) {
  std::string result = "m" + std::to_string(next_name_++) + "_";
  if (options_.names == Names::kAnyUtf8) {
    for (std::size_t n = up_to(3); n > 0; --n) result += kNamePieces[up_to(kNamePieces.size() - 1)];
  }
  return result + "x" + ending;
}

std::string RandomRegistry::label_name(std::size_t number) {
  std::string result = "l" + std::to_string(number);
  if (options_.names == Names::kAnyUtf8 && one_in(2)) result += kNamePieces[up_to(kNamePieces.size() - 1)];
  return result;
}

double RandomRegistry::value() {
  using Limits = std::numeric_limits<double>;
  constexpr std::array<double, 16> kExtremes = {0,
                                                -0.0,
                                                1,
                                                -1,
                                                0.1,
                                                5e-324,
                                                2.2250738585072011e-308,
                                                Limits::min(),
                                                Limits::max(),
                                                Limits::lowest(),
                                                Limits::infinity(),
                                                -Limits::infinity(),
                                                Limits::quiet_NaN(),
                                                9007199254740993.0,
                                                1e21,
                                                123456.789};
  if (one_in(2)) return kExtremes[up_to(kExtremes.size() - 1)];
  const double any = std::bit_cast<double>(std::uniform_int_distribution<std::uint64_t>()(random_));
  return std::isnan(any) ? 0.5 : any;
}

double RandomRegistry::positive_value() {
  const double any = std::fabs(value());
  return std::isfinite(any) ? any : 1.5;
}

double RandomRegistry::eighths(bool may_be_negative) {
  const double number = static_cast<double>(up_to(8000)) / 8;
  return may_be_negative && one_in(3) ? -number : number;
}

RandomRegistry::Pairs RandomRegistry::labels(const std::vector<std::string>& names) {
  Pairs pairs;
  for (const std::string& each : names) pairs.emplace_back(each, text(5));
  return pairs;
}

metrics::Exemplar RandomRegistry::exemplar(ReadExemplar& recorded, double observed) {
  Pairs pairs;
  for (std::size_t n = up_to(2); n > 0; --n) {
    pairs.emplace_back("e" + std::to_string(n), text(6));
    if (!options_.braces_in_exemplars) std::erase(pairs.back().second, '}');
  }
  recorded = {.labels = LabelMap(pairs.begin(), pairs.end()), .value = observed};
  return metrics::Exemplar(pairs);
}

// Up to three children with one to three labels, each recorded into and noted once.
template <class LabelledFamily, class Record>
void RandomRegistry::fill(LabelledFamily& family, const std::vector<std::string>& label_names, Family& recorded,
                          const Record& record) {
  std::set<Pairs> seen;
  for (std::size_t n = 1 + up_to(2); n > 0; --n) {
    Series series{.labels = labels(label_names)};
    if (!seen.insert(series.labels).second) continue;
    Pairs values = series.labels;
    // What is not UTF-8 is not lost but replaced.
    if (one_in(5)) {
      values[0].second += "\xff";
      series.labels[0].second += "\xef\xbf\xbd";
    }
    record(child(family, values), series);
    recorded.series.push_back(std::move(series));
  }
}

void RandomRegistry::add_counter(Family& family) {
  family.info.type = MetricType::kCounter;
  family.info.unit = one_in(2) ? "bytes" : "";
  family.info.name = name(family.info.unit.empty() ? "_total" : "_bytes_total");
  const auto record = [&](metrics::Counter& counter, Series& series) {
    for (std::size_t n = up_to(3); n > 0; --n, ++series.value) counter.Increment();
    if (one_in(2)) return;
    const double amount = positive_value();
    series.value += amount;
    series.exemplar.emplace();
    counter.Increment(amount, exemplar(*series.exemplar, amount));
  };
  const metrics::FamilyOptions options{.unit = family.info.unit};
  if (one_in(3)) {
    Series& series = family.series.emplace_back();
    record(registry_.counter(family.info.name, family.info.help, options), series);
  } else {
    const std::vector<std::string> names = {label_name(1), label_name(2)};
    fill(registry_.counter(family.info.name, family.info.help, names, options), names, family, record);
  }
}

void RandomRegistry::add_gauge(Family& family) {
  family.info.type = MetricType::kGauge;
  family.info.name = name("");
  const std::vector<std::string> names = {label_name(1)};
  fill(registry_.gauge(family.info.name, family.info.help, names), names, family,
       [&](metrics::Gauge& gauge, Series& series) { gauge.Set(series.value = value()); });
}

void RandomRegistry::add_histogram(Family& family) {
  family.info.type = MetricType::kHistogram;
  family.info.unit = "seconds";
  family.info.name = name("_seconds");
  const bool is_negative = one_in(3);
  std::set<double> bounds;
  for (std::size_t n = 1 + up_to(6); n > 0; --n)
    bounds.insert(is_negative ? eighths(true) : std::fabs(eighths(false)) + 0.3);
  if (one_in(3)) bounds.insert({1e-300, 1e300});
  const std::vector<double> ordered(bounds.begin(), bounds.end());
  const std::vector<std::string> names = {label_name(1), label_name(2), label_name(3)};
  fill(registry_.histogram(family.info.name, family.info.help, names,
                           {.buckets = ordered, .family = {.unit = family.info.unit}}),
       names, family, [&](metrics::Histogram& histogram, Series& series) {
         series.bounds = ordered;
         series.counts.resize(ordered.size() + 1);
         for (std::size_t n = up_to(20); n > 0; --n) {
           const double observed = eighths(is_negative);
           const auto bucket =
               static_cast<std::size_t>(std::lower_bound(ordered.begin(), ordered.end(), observed) - ordered.begin());
           ++series.counts[bucket];
           series.sum += observed;
           if (one_in(4)) {
             histogram.Observe(observed, exemplar(series.bucket_exemplars[bucket], observed));
           } else {
             histogram.Observe(observed);
           }
         }
       });
}

void RandomRegistry::add_summary(Family& family) {
  family.info.type = MetricType::kSummary;
  family.info.name = name("");
  const std::vector<std::string> names = {label_name(1)};
  fill(registry_.summary(family.info.name, family.info.help, names), names, family,
       [&](metrics::Summary& summary, Series& series) {
         series.counts = {up_to(5)};
         for (std::size_t n = series.counts[0]; n > 0; --n) {
           const double observed = eighths(false);
           series.sum += observed;
           summary.Observe(observed);
         }
       });
}

void RandomRegistry::add_quantiles(Family& family) {
  family.info.type = MetricType::kSummary;
  family.info.name = name("");
  Series series{.labels = labels({label_name(1)})};
  series.counts = {up_to(1000)};
  series.sum = positive_value();
  for (const double quantile : {0.0, 0.5, 0.99, 1.0}) {
    series.quantiles.emplace_back(quantile, one_in(4) ? std::nan("") : positive_value());
  }
  const metrics::SummarySnapshot snapshot{
      .quantiles = series.quantiles, .count = series.counts[0], .sum = series.sum, .created = 0};
  registry_.add(std::make_shared<Given>(family.info, [labels = metrics::Labels(series.labels), snapshot](
                                                         metrics::Sink& sink) { sink.summary(labels, snapshot); }));
  family.series.push_back(std::move(series));
}

void RandomRegistry::add_info(Family& family) {
  family.info.type = MetricType::kInfo;
  family.info.name = name("_info");
  Series series{.labels = labels({label_name(1), label_name(2)}), .value = 1};
  registry_.add(std::make_shared<metrics::Info>(family.info.name, family.info.help, series.labels));
  family.series.push_back(std::move(series));
}

void RandomRegistry::add_state_set(Family& family) {
  family.info.type = MetricType::kStateSet;
  family.info.name = name("");
  Series series{.labels = labels({label_name(1)})};
  for (std::size_t i = 0; i < 3; ++i) series.states.emplace_back(std::to_string(i) + text(4), one_in(2));
  const auto set = std::make_shared<metrics::StateSet>(
      family.info.name, family.info.help,
      std::vector<std::string>{series.states[0].first, series.states[1].first, series.states[2].first},
      metrics::StateSetOptions{.labels = series.labels});
  for (const auto& [state, is_on] : series.states) set->Set(state, is_on);
  registry_.add(set);
  family.series.push_back(std::move(series));
}

void RandomRegistry::add_gauge_histogram(Family& family) {
  family.info.type = MetricType::kGaugeHistogram;
  family.info.name = name("");
  Series series{.labels = labels({label_name(1)})};
  series.bounds = {0.5, 8, 1e6};
  for (std::size_t i = 0; i < 4; ++i) series.counts.push_back(up_to(9));
  series.sum = positive_value();
  const auto histogram =
      std::make_shared<metrics::GaugeHistogram>(family.info.name, family.info.help, series.bounds, series.labels);
  histogram->Set(series.counts, series.sum);
  registry_.add(histogram);
  family.series.push_back(std::move(series));
}

void RandomRegistry::add_unknown(Family& family) {
  family.info.type = MetricType::kUnknown;
  family.info.name = name("");
  Series series{.labels = labels({label_name(1)}), .value = value()};
  registry_.add(std::make_shared<Given>(family.info, [labels = metrics::Labels(series.labels), number = series.value](
                                                         metrics::Sink& sink) { sink.value(labels, number); }));
  family.series.push_back(std::move(series));
}

// Each value is chosen from the middle of a bucket, so that its index is known without a logarithm.
void RandomRegistry::add_native_histogram(Family& family) {
  family.info.type = MetricType::kHistogram;
  family.info.name = name("");
  const int schema = 3;  // the default factor, 1.1
  const std::vector<double> bounds = one_in(2) ? std::vector<double>{0.25, 4} : std::vector<double>();
  const std::vector<std::string> names = {label_name(1)};
  const auto record = [&](metrics::NativeHistogram& histogram, Series& series) {
    ReadNative& native = series.native.emplace();
    native.schema = schema;
    native.zero_threshold = 0x1p-128;
    series.bounds = bounds;
    series.counts.resize(bounds.size() + 1);
    const auto observe = [&](double value) {
      ++series.counts[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin())];
      histogram.Observe(value);
    };
    for (std::size_t n = up_to(25); n > 0; --n) {
      if (one_in(6)) {
        ++native.zero_count;
        observe(0);
        continue;
      }
      const int index = static_cast<int>(up_to(one_in(2) ? 12 : 160)) - (one_in(2) ? 6 : 80);
      const double middle = std::exp2((index - 0.5) / std::exp2(schema));
      const bool is_negative = one_in(3);
      ++(is_negative ? native.negative : native.positive)[index];
      observe(is_negative ? -middle : middle);
    }
    // The sum in whatever order the instrument adds: what the page says of it is all that is compared.
    series.sum = histogram.snapshot().sum;
  };
  fill(registry_.native_histogram(family.info.name, family.info.help, names, {.classic = bounds}), names, family,
       record);
}

ReadPage RandomRegistry::expected(const exposition::Format& format) const {
  ReadPage page;
  for (const Family& family : families_) page.push_back(expected_family(family, format));
  return page;
}

}  // namespace prometheus_async::testing
