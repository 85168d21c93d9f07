// SPDX-License-Identifier: Apache-2.0
#include "metrics/function.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "absl/strings/str_cat.h"

#include "metrics/internal/self_counts.h"

namespace prometheus_async::metrics {
namespace internal {

Functions::Place Functions::add(std::span<const std::string_view> values, std::function<double()> function) {
  std::vector<Labels::Pair> pairs;
  for (std::size_t i = 0; i < values.size(); ++i) pairs.emplace_back(label_names_[i], values[i]);
  Labels labels(pairs);
  if (!function) throw std::invalid_argument(absl::StrCat("metric \"", info_.name, "\" was given an empty function"));
  const std::lock_guard lock(mutex_);
  if (std::ranges::any_of(functions_, [&](const Function& each) { return each.labels.text() == labels.text(); })) {
    throw std::invalid_argument(
        absl::StrCat("metric \"", info_.name, "{", std::string(labels.text()), "}\" has a function already"));
  }
  return functions_.insert(functions_.end(), {std::move(labels), std::move(function)});
}

void Functions::remove(Place place) {
  const std::lock_guard lock(mutex_);
  functions_.erase(place);
}

void Functions::collect(Sink& sink) const {
  const std::lock_guard lock(mutex_);
  sink.family(info_);
  for (const Function& function : functions_) {
    double value = 0;
    try {
      value = function.call();
    } catch (...) {
      count_callback_error(info_.name);
      continue;
    }
    if (info_.type == MetricType::kGauge) {
      sink.value(function.labels, value);
    } else if (value >= 0 && std::isfinite(value)) {
      sink.counter(function.labels, {.part = value});
    } else {
      count_callback_error(info_.name);
    }
  }
}

}  // namespace internal

FunctionHandle& FunctionHandle::operator=(FunctionHandle&& other) noexcept {
  if (this != &other) {
    reset();
    functions_ = std::move(other.functions_);
    place_ = other.place_;
  }
  return *this;
}

void FunctionHandle::reset() noexcept {
  if (const auto functions = std::exchange(functions_, nullptr)) functions->remove(place_);
}

}  // namespace prometheus_async::metrics
