// SPDX-License-Identifier: Apache-2.0
#include "metrics/counter.h"

#include <cmath>

#include "metrics/internal/unix_time.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {

Counter::Counter() : id_(Cells::allocate(1)), created_(internal::unix_time()) {}
Counter::~Counter() { Cells::release(id_, 1); }

bool Counter::add(double amount) noexcept {
  if (!std::isfinite(amount) || amount < 0) {
    internal::refuse_value();
    return false;
  }
  // Whole amounts add up exactly, and cannot run over in 2^32 steps.
  constexpr double kMostWhole = 4294967296;
  if (amount <= kMostWhole && amount == std::trunc(amount)) {
    const auto whole = static_cast<std::uint64_t>(amount);
    Cells::update(id_, [whole](internal::CounterCell& cell) { cell.add(whole); });
  } else {
    Cells::update(id_, [amount](internal::CounterCell& cell) { cell.add(amount); });
  }
  return true;
}

void Counter::Increment(double amount) noexcept {
  if (!add(amount)) return;
  if (internal::exemplar_provider.load(std::memory_order_relaxed) != nullptr) keep_provided(amount);
}

void Counter::Increment(double amount, const Exemplar& exemplar) noexcept {
  if (add(amount)) exemplar_.keep(0, 1, exemplar, amount);
}

void Counter::keep_provided(double amount) noexcept {
  if (const auto exemplar = internal::provided_exemplar()) exemplar_.keep(0, 1, *exemplar, amount);
}

CounterSnapshot Counter::snapshot() const {
  CounterSnapshot snapshot;
  Cells::Reader reader;
  read(snapshot, reader);
  return snapshot;
}

void Counter::read(CounterSnapshot& snapshot, Cells::Reader& reader) const {
  std::uint64_t whole = 0;
  double part = 0;
  reader.visit(id_, [&](const internal::CounterCell& cell) {
    whole += cell.whole.load(std::memory_order_relaxed);
    part += cell.part.load(std::memory_order_relaxed);
  });
  snapshot.whole = whole;
  snapshot.part = part;
  snapshot.created = created_;
  snapshot.exemplar = exemplar_.first();
}

}  // namespace prometheus_async::metrics
