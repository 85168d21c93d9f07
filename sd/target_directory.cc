// SPDX-License-Identifier: Apache-2.0
#include "sd/target_directory.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace prometheus_async::sd {

struct TargetDirectory::List {
  explicit List(TargetDirectoryOptions with) : options(std::move(with)) {}

  const TargetDirectoryOptions options;
  std::mutex mutex;
  std::uint64_t last = 0;                       // under mutex
  std::map<std::uint64_t, TargetGroup> groups;  // under mutex, in the order of enrolment
};

// In the list for as long as it lives, or until it is removed.
class TargetDirectory::Entry {
 public:
  Entry(std::shared_ptr<List> list, TargetGroup group) : list_(std::move(list)) {
    const std::lock_guard<std::mutex> lock(list_->mutex);
    number_ = ++list_->last;
    list_->groups.emplace(number_, std::move(group));
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() { remove(); }

  void remove() {
    const std::lock_guard<std::mutex> lock(list_->mutex);
    list_->groups.erase(number_);
  }
  bool is_listed() const {
    const std::lock_guard<std::mutex> lock(list_->mutex);
    return list_->groups.contains(number_);
  }

 private:
  std::shared_ptr<List> list_;
  std::uint64_t number_ = 0;
};

TargetDirectory::TargetDirectory(TargetDirectoryOptions options) {
  check_target_labels(options.labels);
  if (!options.advertise_address.empty()) check_target_host("advertise_address", options.advertise_address);
  list_ = std::make_shared<List>(std::move(options));
}

asio::awaitable<Deregister> TargetDirectory::enroll(Endpoint endpoint) const { return add(list_, std::move(endpoint)); }

asio::awaitable<Deregister> TargetDirectory::add(std::shared_ptr<List> list, Endpoint endpoint) {
  TargetGroup group = target_group(endpoint, list->options.labels, list->options.advertise_address);
  const auto entry = std::make_shared<Entry>(std::move(list), std::move(group));
  Deregister deregister([entry] { return remove(entry); }, [entry] { return entry->is_listed(); });
  co_return deregister;
}

asio::awaitable<void> TargetDirectory::remove(std::shared_ptr<Entry> entry) {
  entry->remove();
  co_return;
}

std::vector<TargetGroup> TargetDirectory::groups() const {
  std::vector<TargetGroup> all;
  const std::lock_guard<std::mutex> lock(list_->mutex);
  all.reserve(list_->groups.size());
  for (const auto& [number, group] : list_->groups) all.push_back(group);
  return all;
}

}  // namespace prometheus_async::sd
