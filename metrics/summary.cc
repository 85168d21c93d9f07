// SPDX-License-Identifier: Apache-2.0
#include "metrics/summary.h"

#include <cmath>

#include "metrics/internal/unix_time.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {

Summary::Summary() : id_(Cells::allocate(1)), created_(internal::unix_time()) {}
Summary::~Summary() { Cells::release(id_, 1); }

void Summary::Observe(double value) noexcept {
  if (std::isnan(value)) return internal::refuse_value();
  Cells::update(id_, [value](internal::BucketCell& cell) { cell.add(value); });
}

SummarySnapshot Summary::snapshot() const {
  SummarySnapshot snapshot;
  Cells::Reader reader;
  read(snapshot, reader);
  return snapshot;
}

void Summary::read(SummarySnapshot& snapshot, Cells::Reader& reader) const {
  snapshot.count = 0;
  snapshot.sum = 0;
  snapshot.created = created_;
  reader.visit(id_, [&](const internal::BucketCell& cell) {
    const auto pair = cell.read();
    snapshot.count += pair.count;
    snapshot.sum += pair.sum;
  });
}

}  // namespace prometheus_async::metrics
