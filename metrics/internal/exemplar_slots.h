// SPDX-License-Identifier: Apache-2.0
//
// The latest exemplar of an instrument, or of each bucket of one.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_EXEMPLAR_SLOTS_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_EXEMPLAR_SLOTS_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "metrics/exemplar.h"

namespace prometheus_async::metrics::internal {

// What set_exemplar_provider() set, or null.
extern constinit std::atomic<const std::function<std::optional<Exemplar>()>*> exemplar_provider;

// What the provider has to say now; nothing if it throws.
std::optional<Exemplar> provided_exemplar() noexcept;

// An ExemplarSample of now, or null where memory is short.
std::shared_ptr<const ExemplarSample> make_sample(const Exemplar& exemplar, double value) noexcept;

// One pointer until the first exemplar comes. Never waits: of two exemplars at the same moment one is kept, and while a
// scrape reads them, they are dropped.
class ExemplarSlots {
 public:
  ExemplarSlots() = default;
  ~ExemplarSlots() { delete slots_.load(std::memory_order_relaxed); }
  ExemplarSlots(const ExemplarSlots&) = delete;
  ExemplarSlots& operator=(const ExemplarSlots&) = delete;

  // Keeps `exemplar` in slot `index` of `count`. REQUIRES: always the same count.
  void keep(std::size_t index, std::size_t count, const Exemplar& exemplar, double value) noexcept;

  // Appends what there is, with the indexes, ascending.
  void read(std::vector<std::pair<std::size_t, std::shared_ptr<const ExemplarSample>>>& found) const;

  // That of slot 0, or null.
  std::shared_ptr<const ExemplarSample> first() const;

 private:
  struct Slots {
    std::atomic_flag busy;
    std::vector<std::shared_ptr<const ExemplarSample>> samples;  // under busy
  };

  std::atomic<Slots*> slots_ = nullptr;
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_EXEMPLAR_SLOTS_H_
