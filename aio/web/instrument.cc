// SPDX-License-Identifier: Apache-2.0

#include "aio/web/instrument.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/internal/settle.h"
#include "metrics/clock.h"
#include "metrics/collector.h"
#include "metrics/ending.h"
#include "metrics/probe.h"
#include "metrics/probes.h"
#include "metrics/selector.h"
#include "metrics/span.h"

namespace prometheus_async::aio::web {
namespace {

constexpr std::array<std::string_view, 10> kMethods{"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                                    "DELETE", "OPTIONS", "TRACE", "CONNECT", "other"};

// By its place in kMethods.
std::size_t index_of(std::string_view method) {
  return static_cast<std::size_t>(std::find(kMethods.begin(), kMethods.end() - 1, method) - kMethods.begin());
}

constexpr int kAborted = 0;  // in the place of a status

// What requests of one method and route that ended alike are recorded in.
struct Result {
  const int status;  // a code, or a class' digit, or kAborted
  metrics::Counter& requests;
  metrics::Histogram& seconds;
  const Result* const next;
};

// What requests of one method and route are recorded in.
struct Series {
  const std::size_t method;
  const std::string route;
  metrics::Gauge& in_progress;
  const Series* const next;
  mutable std::atomic<const Result*> results = nullptr;  // a list that grows at its front
};

// The metrics of one registry and prefix. What was looked up once is found in lists that only grow, without a lock.
class RequestMetrics {
 public:
  RequestMetrics(metrics::Registry& registry, InstrumentOptions options)
      : options_(std::move(options)),
        requests_(registry.counter(options_.prefix + "_requests_total", "HTTP requests answered.",
                                   {"method", "route", "status"})),
        seconds_(registry.histogram(options_.prefix + "_request_duration_seconds",
                                    "Time to answer HTTP requests, in seconds.", {"method", "route", "status"},
                                    {.buckets = options_.buckets, .family = {.unit = "seconds"}})),
        in_progress_(registry.gauge(options_.prefix + "_requests_in_progress", "HTTP requests being answered.",
                                    {"method", "route"})) {}

  const InstrumentOptions& options() const { return options_; }

  const Series& series(std::string_view method_text, std::string_view route) {
    const std::size_t method = index_of(method_text);
    std::atomic<const Series*>& list = table_[(std::hash<std::string_view>()(route) + method) % table_.size()];
    const auto find = [&] {
      const Series* known = list.load(std::memory_order_acquire);
      while (known != nullptr && !(known->method == method && known->route == route)) known = known->next;
      return known;
    };
    if (const Series* known = find()) return *known;
    const std::lock_guard lock(mutex_);
    if (const Series* known = find()) return *known;
    const Series* added = kept_series_
                              .emplace_back(new Series{method, std::string(route),
                                                       in_progress_.labels(kMethods[method], label_of_route(route)),
                                                       list.load(std::memory_order_relaxed)})
                              .get();
    list.store(added, std::memory_order_release);
    return *added;
  }

  // `code` may be kAborted.
  const Result& result(const Series& series, int code) {
    const int status = options_.status == StatusLabel::kClass ? code / 100 : code;
    const auto find = [&] {
      const Result* known = series.results.load(std::memory_order_acquire);
      while (known != nullptr && known->status != status) known = known->next;
      return known;
    };
    if (const Result* known = find()) return *known;
    const std::lock_guard lock(mutex_);
    if (const Result* known = find()) return *known;
    const std::string_view method = kMethods[series.method];
    const std::string_view route = label_of_route(series.route);
    const std::string label = label_of_status(status);
    const Result* added = kept_results_
                              .emplace_back(new Result{status, requests_.labels(method, route, label),
                                                       seconds_.labels(method, route, label),
                                                       series.results.load(std::memory_order_relaxed)})
                              .get();
    series.results.store(added, std::memory_order_release);
    return *added;
  }

 private:
  static std::string_view label_of_route(std::string_view route) { return route.empty() ? "unrouted" : route; }
  std::string label_of_status(int status) const {
    if (status == kAborted) return "aborted";
    return std::to_string(status) + (options_.status == StatusLabel::kClass ? "xx" : "");
  }

  const InstrumentOptions options_;
  metrics::CounterFamily<3>& requests_;
  metrics::HistogramFamily<3>& seconds_;
  metrics::GaugeFamily<2>& in_progress_;

  std::array<std::atomic<const Series*>, 256> table_{};  // by hash of method and route
  std::mutex mutex_;                                     // of who adds
  std::vector<std::unique_ptr<const Series>> kept_series_;
  std::vector<std::unique_ptr<const Result>> kept_results_;
};

// What a registry holds so that its RequestMetrics are found again.
class Mark final : public metrics::Collector {
 public:
  explicit Mark(std::shared_ptr<RequestMetrics> metrics) : metrics_(std::move(metrics)) {}
  const std::shared_ptr<RequestMetrics>& metrics() const { return metrics_; }

  std::vector<metrics::FamilyInfo> describe() const override { return {}; }
  void collect(metrics::Sink&) const override {}

 private:
  const std::shared_ptr<RequestMetrics> metrics_;
};

// Which registry has which. Only the registry holds the mark, so that another one at the same address is told apart.
class Known {
 public:
  std::shared_ptr<RequestMetrics> find_or_add(metrics::Registry& registry, InstrumentOptions options) {
    const std::lock_guard lock(mutex_);
    const Key key{&registry, options.prefix};
    if (const auto known = marks_.find(key); known != marks_.end()) {
      if (const std::shared_ptr<const Mark> mark = known->second.lock()) {
        const InstrumentOptions& earlier = mark->metrics()->options();
        if (earlier.status != options.status || earlier.buckets != options.buckets) {
          throw std::invalid_argument("instrument(): the metrics \"" + options.prefix +
                                      "_...\" of this registry were made with other options");
        }
        return mark->metrics();
      }
    }
    const auto mark = std::make_shared<const Mark>(std::make_shared<RequestMetrics>(registry, std::move(options)));
    registry.add(mark);
    std::erase_if(marks_, [](const auto& entry) { return entry.second.expired(); });
    marks_.insert_or_assign(key, mark);
    return mark->metrics();
  }

 private:
  using Key = std::pair<const metrics::Registry*, std::string>;

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const Mark>> marks_;  // guarded by mutex_
};

// Counts every ending.
template <metrics::Selector Chosen>
class CountProbe {
 public:
  using clock = metrics::NoClock;
  struct State {};

  explicit CountProbe(Chosen chosen) : chosen_(std::move(chosen)) {}

  State begin(clock::time_point) const noexcept { return {}; }
  void end(State&, clock::time_point, const metrics::Ending& ending) const noexcept {
    try {
      chosen_(ending).Increment();
    } catch (...) {
    }
  }

 private:
  Chosen chosen_;
};

// One request under way.
struct Measured {
  // kAborted, or the code that a request counts under.
  int status(const metrics::Ending& ending) const {
    if (answered != kAborted) return answered;
    return ending.outcome() == metrics::Outcome::kError && !request.is_disconnected() ? 500 : kAborted;
  }
  const Result& result(const metrics::Ending& ending) const { return metrics.result(series, status(ending)); }

  RequestMetrics& metrics;
  const Series& series;
  const Request& request;
  int answered = kAborted;
};

auto probe_of(const Measured& measured) {
  const auto seconds = [&measured](const metrics::Ending& ending) -> metrics::Histogram& {
    return measured.result(ending).seconds;
  };
  const auto requests = [&measured](const metrics::Ending& ending) -> metrics::Counter& {
    return measured.result(ending).requests;
  };
  return metrics::BothProbes(
      metrics::in_progress_probe(measured.series.in_progress),
      metrics::BothProbes(metrics::time_probe(metrics::choose(seconds)), CountProbe(metrics::choose(requests))));
}

asio::awaitable<Response> measure(RequestMetrics& metrics, Request& request, Next next) {
  Measured measured{metrics, metrics.series(request.method(), request.route()), request};
  metrics::Span span(probe_of(measured));
  try {
    Response response = co_await next(request);
    measured.answered = response.status.code();
    span.finish();
    co_return response;
  } catch (...) {
    aio::internal::end_with_current_exception(span);
    throw;
  }
}

}  // namespace

Middleware instrument(metrics::Registry& registry, InstrumentOptions options) {
  static Known& known = *new Known;  // never destroyed: applications may be made until the very end
  return [metrics = known.find_or_add(registry, std::move(options))](Request& request, Next next) {
    return measure(*metrics, request, next);
  };
}

}  // namespace prometheus_async::aio::web
