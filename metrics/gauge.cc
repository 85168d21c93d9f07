// SPDX-License-Identifier: Apache-2.0
#include "metrics/gauge.h"

#include <cmath>

#include "metrics/internal/unix_time.h"

namespace prometheus_async::metrics {

Gauge::Gauge() : id_(Cells::allocate(1)) {}
Gauge::~Gauge() { Cells::release(id_, 1); }

void Gauge::Increment(double amount) noexcept {
  note_step();
  // Sums could not forget an infinity again.
  if (!std::isfinite(amount)) return Set(Value() + amount);
  Cells::update(id_, [amount](internal::GaugeCell& cell) {
    if (amount == 1) {
      cell.step_up();
    } else if (amount == -1) {
      cell.step_down();
    } else {
      cell.add(amount);
    }
  });
}

void Gauge::Set(double value) noexcept {
  if (has_steps_.load(std::memory_order_relaxed)) {
    Cells::Reader reader;
    set_at_ = steps(reader);  // which holds the lock from here on
    set_.store(value, std::memory_order_relaxed);
  } else {
    set_.store(value, std::memory_order_relaxed);
  }
}

void Gauge::SetToCurrentTime() noexcept { Set(internal::unix_time()); }

double Gauge::Value() const {
  Cells::Reader reader;
  return read(reader);
}

double Gauge::read(Cells::Reader& reader) const {
  const Steps now = steps(reader);
  return set_.load(std::memory_order_relaxed) + static_cast<double>(now.whole - set_at_.whole) +
         (now.part - set_at_.part);
}

Gauge::Steps Gauge::steps(Cells::Reader& reader) const {
  // All steps down before any step up: see GaugeCell.
  std::uint64_t down = 0;
  std::uint64_t up = 0;
  double part = 0;
  reader.visit(id_, [&](const internal::GaugeCell& cell) {
    down += cell.down.load(std::memory_order_acquire);
    part += cell.part.load(std::memory_order_relaxed);
  });
  reader.visit(id_, [&](const internal::GaugeCell& cell) { up += cell.up.load(std::memory_order_relaxed); });
  return {static_cast<std::int64_t>(up - down), part};
}

}  // namespace prometheus_async::metrics
