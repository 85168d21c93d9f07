// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/children.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <stdexcept>
#include <type_traits>

#include "absl/strings/str_cat.h"

#include "metrics/ending.h"
#include "metrics/internal/self_counts.h"

namespace prometheus_async::metrics::internal {
namespace {

// So many children are read, and then written, under one lock: who makes a child waits for no longer than that.
constexpr std::size_t kBatch = 64;

// So many children ahead are fetched while one is read: at 20 ns each, longer than memory takes.
constexpr std::size_t kAhead = 24;

// The cache lines of a child that are read for a page.
void prefetch(const void* child) noexcept {
  if (child == nullptr) return;
  const char* const line = static_cast<const char*>(child);
  __builtin_prefetch(line);
  __builtin_prefetch(line + 64);
}

void read(const Counter& counter, CounterSnapshot& snapshot, Counter::Cells::Reader& reader) {
  counter.read(snapshot, reader);
}
void read(const Gauge& gauge, double& value, Gauge::Cells::Reader& reader) { value = gauge.read(reader); }
void read(const Histogram& histogram, HistogramSnapshot& snapshot, Histogram::Cells::Reader& reader) {
  histogram.read(snapshot, reader);
}
void read(const NativeHistogram& histogram, HistogramSnapshot& snapshot, InstrumentOf<NativeHistogram>::Reader&) {
  histogram.read(snapshot);
}
void read(const Summary& summary, SummarySnapshot& snapshot, Summary::Cells::Reader& reader) {
  summary.read(snapshot, reader);
}

void write(Sink& sink, const Labels& labels, const CounterSnapshot& snapshot) { sink.counter(labels, snapshot); }
void write(Sink& sink, const Labels& labels, double value) { sink.value(labels, value); }
void write(Sink& sink, const Labels& labels, const HistogramSnapshot& snapshot) { sink.histogram(labels, snapshot); }
void write(Sink& sink, const Labels& labels, const SummarySnapshot& snapshot) { sink.summary(labels, snapshot); }

// A number that moves with every recording.
std::uint64_t state_of(const CounterSnapshot& snapshot) {
  return snapshot.whole ^ std::rotl(std::bit_cast<std::uint64_t>(snapshot.part), 1);
}
std::uint64_t state_of(double value) { return std::bit_cast<std::uint64_t>(value); }
std::uint64_t state_of(const HistogramSnapshot& snapshot) { return snapshot.count(); }
std::uint64_t state_of(const SummarySnapshot& snapshot) { return snapshot.count; }

}  // namespace

template <class M>
Children<M>::Children(FamilyInfo info, std::vector<std::string> label_names, FamilyOptions options, Maker make)
    : info_(std::move(info)),
      label_names_(std::move(label_names)),
      options_(std::move(options)),
      overflow_values_(label_names_.size(), kOverflowValue),
      make_(std::move(make)) {}

template <class M>
std::size_t Children<M>::Hash::operator()(Values values) const noexcept {
  std::size_t hash = 0;
  for (const std::string_view value : values) {
    // Rotated, so that equal values in different places do not cancel out.
    hash = std::rotl(hash, 5) ^ std::hash<std::string_view>()(value);
  }
  return hash;
}

template <class M>
template <class Use>
auto Children<M>::with_child(Values values, Use use) {
  {
    const std::shared_lock lock(mutex_);
    const auto known = by_values_.find(values);
    if (known != by_values_.end()) return use(children_[(*known)->place]);
  }
  return with_new_child(values, use);
}

template <class M>
template <class Use>
auto Children<M>::with_new_child(Values values, Use use) {
  std::vector<Labels::Pair> pairs;
  for (std::size_t i = 0; i < values.size(); ++i) pairs.emplace_back(label_names_[i], values[i]);
  Labels labels(pairs);
  if (!labels.has_values(values)) {
    // Values that were no UTF-8 and have been repaired, and may meet an older child now.
    pairs = labels.pairs();
    std::vector<std::string_view> repaired;
    for (const auto& [name, value] : pairs) repaired.push_back(value);
    return with_child(repaired, use);
  }
  const std::size_t hash = Hash()(values);
  ChildPointer child = make_(std::move(labels), hash);

  std::unique_lock lock(mutex_);
  // Another thread may have been faster.
  const auto known = by_values_.find(values);
  if (known != by_values_.end()) return use(children_[(*known)->place]);
  if (is_full() && !std::ranges::equal(values, overflow_values_)) {
    lock.unlock();
    count_overflow(info_.name);
    return with_child(overflow_values_, use);
  }
  child->place = children_.size();
  if (options_.expire_after.count() > 0) activity_.reserve(activity_.size() + 1);
  children_.push_back(child);
  try {
    by_values_.insert(child.get());
  } catch (...) {
    children_.pop_back();
    throw;
  }
  if (options_.expire_after.count() > 0) activity_.emplace_back();
  return use(child);
}

template <class M>
bool Children<M>::is_full() const noexcept {
  if (options_.max_series == 0 || by_values_.size() < options_.max_series) return false;
  const std::size_t overflow = by_values_.contains(Values(overflow_values_)) ? 1 : 0;
  return by_values_.size() - overflow >= options_.max_series;
}

template <class M>
M& Children<M>::reference(Values values) {
  return *with_child(values, [](const ChildPointer& child) {
    if (!child->is_referenced.load(std::memory_order_relaxed)) {
      child->is_referenced.store(true, std::memory_order_relaxed);
    }
    return &child->metric;
  });
}

template <class M>
std::shared_ptr<M> Children<M>::share(Values values) {
  return with_child(values, [](const ChildPointer& child) { return std::shared_ptr<M>(child, &child->metric); });
}

template <class M>
std::vector<std::string_view> Children<M>::in_order(NamedValues values) const {
  check_count(values.size());
  std::vector<std::string_view> ordered;
  for (const std::string_view name : label_names_) {
    const auto given = std::find_if(values.begin(), values.end(), [&](const auto& each) { return each.first == name; });
    if (given == values.end()) {
      throw std::invalid_argument(absl::StrCat("metric \"", info_.name, "\" has a label \"", std::string(name),
                                               "\", which was given no value"));
    }
    ordered.push_back(given->second);
  }
  return ordered;
}

template <class M>
void Children<M>::check_count(std::size_t values) const {
  if (values == label_names_.size()) return;
  throw std::invalid_argument(absl::StrCat("metric \"", info_.name, "\" has ", label_names_.size(),
                                           " labels, and was given ", values, " values"));
}

template <class M>
std::array<M*, 4> Children<M>::outcomes(Values others) {
  const auto outcome = std::find(label_names_.begin(), label_names_.end(), "outcome");
  if (outcome == label_names_.end()) {
    throw std::invalid_argument(absl::StrCat("metric \"", info_.name, "\" has no label \"outcome\" for by_outcome()"));
  }
  check_count(others.size() + 1);
  std::vector<std::string_view> values(others.begin(), others.end());
  const auto place = values.insert(values.begin() + (outcome - label_names_.begin()), "");
  std::array<M*, 4> found{};
  for (const Outcome each : {Outcome::kValue, Outcome::kError, Outcome::kCancelled, Outcome::kAbandoned}) {
    *place = to_string(each);
    found[static_cast<std::size_t>(each)] = &reference(values);
  }
  return found;
}

template <class M>
void Children<M>::drop(const ChildPointer& child) const {
  by_values_.erase(child.get());
  ChildPointer& place = children_[child->place];
  if (child->is_referenced.load(std::memory_order_relaxed)) {
    held_.push_back(std::move(place));
  }
  place = nullptr;
}

template <class M>
void Children<M>::compact() const {
  if (collecting_.load(std::memory_order_relaxed) != 0 || by_values_.size() * 2 >= children_.size()) return;
  std::size_t to = 0;
  for (std::size_t from = 0; from < children_.size(); ++from) {
    if (children_[from] == nullptr) continue;
    children_[from]->place = to;
    if (!activity_.empty()) activity_[to] = activity_[from];
    if (to != from) children_[to] = std::move(children_[from]);
    ++to;
  }
  children_.resize(to);
  if (!activity_.empty()) activity_.resize(to);
}

template <class M>
bool Children<M>::remove(Values values) {
  ChildPointer last;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  const auto known = by_values_.find(values);
  if (known == by_values_.end()) return false;
  last = children_[(*known)->place];
  drop(last);
  compact();
  return true;
}

template <class M>
template <class Matches>
std::size_t Children<M>::remove_if(Matches matches) {
  std::vector<ChildPointer> removed;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  for (const ChildPointer& child : children_) {
    if (child != nullptr && matches(*child)) removed.push_back(child);
  }
  for (const ChildPointer& child : removed) drop(child);
  compact();
  return removed.size();
}

template <class M>
std::size_t Children<M>::remove_matching(NamedValues values) {
  for (const auto& [name, value] : values) {
    if (std::find(label_names_.begin(), label_names_.end(), name) != label_names_.end()) continue;
    throw std::invalid_argument(
        absl::StrCat("metric \"", info_.name, "\" has no label \"", std::string(name), "\" to remove children by"));
  }
  return remove_if([&](const Child<M>& child) {
    const auto pairs = child.labels.pairs();
    return std::ranges::all_of(values, [&](const auto& wanted) {
      return std::ranges::any_of(
          pairs, [&](const auto& pair) { return pair.first == wanted.first && pair.second == wanted.second; });
    });
  });
}

template <class M>
void Children<M>::clear() {
  remove_if([](const Child<M>&) { return true; });
}

template <class M>
std::size_t Children<M>::size() const {
  const std::shared_lock lock(mutex_);
  return by_values_.size();
}

template <class M>
bool Children<M>::is_idle(std::size_t place, std::uint64_t state) const {
  Activity& activity = activity_[place];
  const auto now = std::chrono::steady_clock::now();
  if (!activity.is_known || activity.state != state) {
    activity = {state, now, true};
    return false;
  }
  return now - activity.since > options_.expire_after;
}

template <class M>
void Children<M>::collect_batch(Sink& sink, std::size_t begin,
                                std::span<typename InstrumentOf<M>::Snapshot> snapshots) const {
  const std::size_t size = std::min(snapshots.size(), children_.size() - begin);
  {
    typename InstrumentOf<M>::Reader reader;
    for (std::size_t i = 0; i < size; ++i) {
      // Children are anywhere in memory, and no cache holds those of a great family.
      if (begin + i + kAhead < children_.size()) prefetch(children_[begin + i + kAhead].get());
      const Child<M>* const child = children_[begin + i].get();
      if (child == nullptr) continue;
      __builtin_prefetch(child->labels.text().data());
      read(child->metric, snapshots[i], reader);
    }
  }
  for (std::size_t i = 0; i < size; ++i) {
    const Child<M>* const child = children_[begin + i].get();
    if (child == nullptr) continue;
    if (!activity_.empty() && is_idle(begin + i, state_of(snapshots[i]))) {
      const bool is_held = child->is_referenced.load(std::memory_order_relaxed) || children_[begin + i].use_count() > 1;
      if (!is_held) drop(ChildPointer(children_[begin + i]));
      continue;
    }
    write(sink, child->labels, snapshots[i]);
  }
}

template <class M>
void Children<M>::collect(Sink& sink) const {
  sink.family(info_);
  std::vector<typename InstrumentOf<M>::Snapshot> snapshots(std::min(kBatch, std::max<std::size_t>(size(), 1)));
  struct Collecting {
    explicit Collecting(std::atomic<int>& count) : count_(count) { count_.fetch_add(1, std::memory_order_relaxed); }
    ~Collecting() { count_.fetch_sub(1, std::memory_order_relaxed); }
    std::atomic<int>& count_;
  };
  const auto collect_all = [&]<class Lock>(std::type_identity<Lock>) {
    Lock lock(mutex_);
    const Collecting collecting(collecting_);
    for (std::size_t begin = 0; begin < children_.size(); begin += snapshots.size()) {
      collect_batch(sink, begin, snapshots);
      lock.unlock();  // for those who wait to make a child
      lock.lock();
    }
  };
  if (options_.expire_after.count() > 0) {
    collect_all(std::type_identity<std::unique_lock<std::shared_mutex>>());
    const std::lock_guard lock(mutex_);
    compact();
  } else {
    collect_all(std::type_identity<std::shared_lock<std::shared_mutex>>());
  }
}

template class Children<Counter>;
template class Children<Gauge>;
template class Children<Histogram>;
template class Children<NativeHistogram>;
template class Children<Summary>;

}  // namespace prometheus_async::metrics::internal
