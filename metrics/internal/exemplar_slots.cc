// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/exemplar_slots.h"

#include <new>
#include <thread>

#include "metrics/internal/unix_time.h"

namespace prometheus_async::metrics::internal {

constinit std::atomic<const std::function<std::optional<Exemplar>()>*> exemplar_provider = nullptr;

std::optional<Exemplar> provided_exemplar() noexcept {
  const auto* const provider = exemplar_provider.load(std::memory_order_acquire);
  if (provider == nullptr) return std::nullopt;
  try {
    return (*provider)();
  } catch (...) {
    return std::nullopt;
  }
}

std::shared_ptr<const ExemplarSample> make_sample(const Exemplar& exemplar, double value) noexcept {
  try {
    return std::make_shared<const ExemplarSample>(ExemplarSample{exemplar.labels(), value, unix_time()});
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void ExemplarSlots::keep(std::size_t index, std::size_t count, const Exemplar& exemplar, double value) noexcept {
  std::shared_ptr<const ExemplarSample> sample = make_sample(exemplar, value);
  if (sample == nullptr) return;
  Slots* slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) {
    try {
      auto made = std::make_unique<Slots>();
      made->samples.resize(count);
      if (slots_.compare_exchange_strong(slots, made.get(), std::memory_order_acq_rel)) slots = made.release();
    } catch (const std::bad_alloc&) {
      return;
    }
  }
  if (slots->busy.test_and_set(std::memory_order_acquire)) return;
  slots->samples[index].swap(sample);
  slots->busy.clear(std::memory_order_release);
}

void ExemplarSlots::read(std::vector<std::pair<std::size_t, std::shared_ptr<const ExemplarSample>>>& found) const {
  Slots* const slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) return;
  found.reserve(found.size() + slots->samples.size());  // so that nothing throws below
  while (slots->busy.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  for (std::size_t i = 0; i < slots->samples.size(); ++i) {
    if (slots->samples[i] != nullptr) found.emplace_back(i, slots->samples[i]);
  }
  slots->busy.clear(std::memory_order_release);
}

std::shared_ptr<const ExemplarSample> ExemplarSlots::first() const {
  Slots* const slots = slots_.load(std::memory_order_acquire);
  if (slots == nullptr) return nullptr;
  while (slots->busy.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  std::shared_ptr<const ExemplarSample> sample = slots->samples.front();
  slots->busy.clear(std::memory_order_release);
  return sample;
}

}  // namespace prometheus_async::metrics::internal
