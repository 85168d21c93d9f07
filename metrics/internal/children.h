// SPDX-License-Identifier: Apache-2.0
//
// The children of a family: one instrument for each combination of label values that was used, whatever the type of
// the instrument and the number of labels.
//
//   Counter& child = children.child(values).metric;
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_CHILDREN_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_CHILDREN_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "metrics/collector.h"
#include "metrics/counter.h"
#include "metrics/family_options.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"
#include "metrics/native_histogram.h"
#include "metrics/summary.h"

namespace prometheus_async::metrics::internal {

// Label values, in the order of the label names.
using Values = std::span<const std::string_view>;

// Some label names and values.
using NamedValues = std::span<const std::pair<std::string_view, std::string_view>>;

// An instrument with its labels, made once.
template <class M>
struct Child {
  template <class... Arguments>
  Child(Labels given, std::size_t hash_of_values, Arguments&&... arguments)
      : labels(std::move(given)), hash(hash_of_values), metric(std::forward<Arguments>(arguments)...) {}

  const Labels labels;
  const std::size_t hash;
  // Whether a plain reference was handed out: then the child stays in memory as long as the family, removed or not.
  std::atomic<bool> is_referenced = false;
  std::size_t place = 0;  // in its family's children; guarded by the family
  M metric;
};

// How an instrument is read, and what a sink is given.
template <class M>
struct InstrumentOf;
template <>
struct InstrumentOf<Counter> {
  using Snapshot = CounterSnapshot;
  using Reader = Counter::Cells::Reader;
};
template <>
struct InstrumentOf<Gauge> {
  using Snapshot = double;
  using Reader = Gauge::Cells::Reader;
};
template <>
struct InstrumentOf<Histogram> {
  using Snapshot = HistogramSnapshot;
  using Reader = Histogram::Cells::Reader;
};
template <>
struct InstrumentOf<NativeHistogram> {
  using Snapshot = HistogramSnapshot;
  struct Reader {};
};
template <>
struct InstrumentOf<Summary> {
  using Snapshot = SummarySnapshot;
  using Reader = Summary::Cells::Reader;
};

// Threads: every member is safe from any thread.
template <class M>
class Children final : public Collector {
 public:
  using ChildPointer = std::shared_ptr<Child<M>>;
  using Maker = std::function<ChildPointer(Labels labels, std::size_t hash)>;

  Children(FamilyInfo info, std::vector<std::string> label_names, FamilyOptions options, Maker make);

  // The child with these values, made on first use; that of the overflow where the family is full. REQUIRES: as many
  // values as label names.
  M& reference(Values values);
  std::shared_ptr<M> share(Values values);

  // The values by the order of the label names. Throws std::invalid_argument unless each name is given once.
  std::vector<std::string_view> in_order(NamedValues values) const;
  // Throws std::invalid_argument unless there are as many as label names.
  void check_count(std::size_t values) const;

  // The children for each value of the label "outcome", by Outcome; `others` are the values of the other labels.
  std::array<M*, 4> outcomes(Values others);

  // Whether there was such a child; how many there were.
  bool remove(Values values);
  std::size_t remove_matching(NamedValues values);
  void clear();
  std::size_t size() const;

  const FamilyInfo& info() const noexcept { return info_; }
  std::vector<FamilyInfo> describe() const override { return {info_}; }
  void collect(Sink& sink) const override;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Child<M>* child) const noexcept { return child->hash; }
    std::size_t operator()(Values values) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Child<M>* a, const Child<M>* b) const noexcept { return a == b; }
    bool operator()(const Child<M>* child, Values values) const noexcept { return child->labels.has_values(values); }
    bool operator()(Values values, const Child<M>* child) const noexcept { return (*this)(child, values); }
  };
  // When a child was last seen to change. For families that expire.
  struct Activity {
    std::uint64_t state = 0;
    std::chrono::steady_clock::time_point since{};
    bool is_known = false;
  };

  // Calls `use` with the child, under a lock, and returns what it returns.
  template <class Use>
  auto with_child(Values values, Use use);
  template <class Use>
  auto with_new_child(Values values, Use use);
  template <class Matches>
  std::size_t remove_if(Matches matches);

  // Under a lock that is exclusive.
  bool is_full() const noexcept;
  void drop(const ChildPointer& child) const;
  void compact() const;
  bool is_idle(std::size_t place, std::uint64_t state) const;

  // Under any lock.
  void collect_batch(Sink& sink, std::size_t begin, std::span<typename InstrumentOf<M>::Snapshot> snapshots) const;

  const FamilyInfo info_;
  const std::vector<std::string> label_names_;
  const FamilyOptions options_;
  const std::vector<std::string_view> overflow_values_;
  const Maker make_;

  // The children are guarded by mutex_. Mutable, since a scrape drops those that have expired.
  mutable std::shared_mutex mutex_;
  mutable std::vector<ChildPointer> children_;  // in order of first use; null where one was removed
  mutable std::vector<Activity> activity_;      // as children_, in a family that expires
  mutable std::vector<ChildPointer> held_;      // removed, but a reference may be held
  mutable absl::flat_hash_set<Child<M>*, Hash, Equal> by_values_;
  mutable std::atomic<int> collecting_ = 0;  // while not 0, places in children_ stay as they are
};

extern template class Children<Counter>;
extern template class Children<Gauge>;
extern template class Children<Histogram>;
extern template class Children<NativeHistogram>;
extern template class Children<Summary>;

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_CHILDREN_H_
