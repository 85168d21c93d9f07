// SPDX-License-Identifier: Apache-2.0
//
// A counter or a gauge whose value is asked for at each scrape, for what is counted elsewhere already.
//
//   const metrics::FunctionHandle depth =
//       metrics::gauge_function("queue_depth", "jobs waiting", [&queue] { return queue.size(); });
//
//   auto& hits = metrics::counter_function("cache_hits_total", "cache hits", {"cache"});
//   const metrics::FunctionHandle users = hits.add([&] { return user_cache.hits(); }, "users");
#ifndef PROMETHEUS_ASYNC_METRICS_FUNCTION_H_
#define PROMETHEUS_ASYNC_METRICS_FUNCTION_H_

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/collector.h"

namespace prometheus_async::metrics {
namespace internal {

// The functions of one name.
class Functions final : public Collector {
 public:
  struct Function {
    Labels labels;
    std::function<double()> call;
  };
  using Place = std::list<Function>::iterator;

  Functions(FamilyInfo info, std::vector<std::string> label_names)
      : info_(std::move(info)), label_names_(std::move(label_names)) {}

  Place add(std::span<const std::string_view> values, std::function<double()> function);
  void remove(Place place);

  std::vector<FamilyInfo> describe() const override { return {info_}; }
  void collect(Sink& sink) const override;

 private:
  const FamilyInfo info_;
  const std::vector<std::string> label_names_;
  mutable std::mutex mutex_;  // held while functions run
  std::list<Function> functions_;
};

}  // namespace internal

// Keeps a function on the page. Destroyed, it takes the series away: after that the function does not run any more, and
// what it refers to may go.
//
// Threads: to be used by one at a time. Not to be destroyed by the function itself.
class [[nodiscard]] FunctionHandle {
 public:
  FunctionHandle() = default;  // keeps nothing
  FunctionHandle(std::shared_ptr<internal::Functions> functions, internal::Functions::Place place) noexcept
      : functions_(std::move(functions)), place_(place) {}
  FunctionHandle(FunctionHandle&& other) noexcept = default;
  FunctionHandle& operator=(FunctionHandle&& other) noexcept;
  ~FunctionHandle() { reset(); }

  // Takes the series away now.
  void reset() noexcept;
  // Lets the function run for as long as the registry lives.
  void detach() noexcept { functions_ = nullptr; }

 private:
  std::shared_ptr<internal::Functions> functions_;
  internal::Functions::Place place_{};
};

// Functions under one name, told apart by N labels. Owned by its registry.
//
// A function is called at each scrape, on its thread, by one scrape at a time. One that throws, and a counter's that
// gives less than zero or no number, loses its series for that scrape, and counts in
// prometheus_async_callback_errors_total{metric="..."}; the others are shown. It must not add or remove functions of
// the same name.
// Threads: every member is safe from any thread.
template <std::size_t N>
class FunctionFamily {
 public:
  explicit FunctionFamily(std::shared_ptr<internal::Functions> functions) noexcept : functions_(std::move(functions)) {}
  FunctionFamily(const FunctionFamily&) = delete;
  FunctionFamily& operator=(const FunctionFamily&) = delete;

  // Throws std::invalid_argument if there is a function with these label values.
  template <class... Values>
  FunctionHandle add(std::function<double()> function, const Values&... values) {
    static_assert(sizeof...(Values) == N, "prometheus_async: add() takes one value for each label name");
    const std::array<std::string_view, N> views{std::string_view(values)...};
    return {functions_, functions_->add(views, std::move(function))};
  }

 private:
  std::shared_ptr<internal::Functions> functions_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_FUNCTION_H_
