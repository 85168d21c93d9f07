// SPDX-License-Identifier: Apache-2.0
#include "metrics/histogram.h"

#include <cmath>
#include <utility>

#include "metrics/internal/unix_time.h"

namespace prometheus_async::metrics {

Histogram::Histogram(Buckets buckets)
    : Histogram(std::make_shared<const internal::BucketBounds>(checked_buckets("histogram", std::move(buckets)))) {}

Histogram::Histogram(std::shared_ptr<const internal::BucketBounds> bounds)
    : search_(bounds->search()),
      bounds_(std::move(bounds)),
      first_(Cells::allocate(size())),
      created_(internal::unix_time()) {}

Histogram::~Histogram() { Cells::release(first_, size()); }

void Histogram::Observe(double value, const Exemplar& exemplar) noexcept {
  if (std::isnan(value)) return internal::refuse_value();
  exemplars_.keep(add(value), size(), exemplar, value);
}

std::uint32_t Histogram::add_to_many(double value) noexcept {
  const std::uint32_t bucket = search_.search(value);
  Cells::update(first_ + bucket, [value](internal::BucketCell& cell) { cell.add(value); });
  return bucket;
}

void Histogram::keep_provided(std::uint32_t bucket, double value) noexcept {
  if (const auto exemplar = internal::provided_exemplar()) exemplars_.keep(bucket, size(), *exemplar, value);
}

HistogramSnapshot Histogram::snapshot() const {
  HistogramSnapshot snapshot;
  read(snapshot);
  return snapshot;
}

void Histogram::read(HistogramSnapshot& snapshot) const {
  Cells::Reader reader;
  read(snapshot, reader);
}

void Histogram::read(HistogramSnapshot& snapshot, Cells::Reader& reader) const {
  snapshot.bounds = search_.bounds();
  snapshot.counts.assign(size(), 0);
  snapshot.sum = 0;
  snapshot.created = created_;
  snapshot.native.reset();
  for (std::uint32_t bucket = 0; bucket < size(); ++bucket) {
    reader.visit(first_ + bucket, [&](const internal::BucketCell& cell) {
      const auto pair = cell.read();
      snapshot.counts[bucket] += pair.count;
      snapshot.sum += pair.sum;
    });
  }
  snapshot.exemplars.clear();
  exemplars_.read(snapshot.exemplars);
}

}  // namespace prometheus_async::metrics
