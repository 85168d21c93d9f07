// SPDX-License-Identifier: Apache-2.0
//
// The servers of a process as a list: they enrol into it, and web::http_sd() shows it to Prometheus.
//
//     sd::TargetDirectory directory;
//     web::StartOptions options{.port = 9100, .service_discovery = directory};
//     app.router().add_get("/targets", web::http_sd(directory));
#ifndef PROMETHEUS_ASYNC_SD_TARGET_DIRECTORY_H_
#define PROMETHEUS_ASYNC_SD_TARGET_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "sd/endpoint.h"
#include "sd/service_discovery.h"
#include "sd/target_group.h"

namespace prometheus_async::sd {

struct TargetDirectoryOptions {
  // As in target_group(): the address under which others reach these servers, and the labels of each.
  std::string advertise_address = {};
  TargetLabels labels = {};
};

// Copies share one list. Threads: any. Cost: a lock that is held for as long as the list takes to copy.
class TargetDirectory {
 public:
  TargetDirectory() : TargetDirectory(TargetDirectoryOptions()) {}
  // Errors: std::invalid_argument naming the option.
  explicit TargetDirectory(TargetDirectoryOptions options);

  // Lists the server until the Deregister is called, or the last copy of that is gone: a server that was destroyed
  // without close() is not shown either. Never waits. Errors: those of target_group().
  [[nodiscard]] asio::awaitable<Deregister> enroll(Endpoint endpoint) const;

  // A group for each server, in the order of enrolment.
  std::vector<TargetGroup> groups() const;

 private:
  struct List;
  class Entry;

  static asio::awaitable<Deregister> add(std::shared_ptr<List> list, Endpoint endpoint);
  static asio::awaitable<void> remove(std::shared_ptr<Entry> entry);

  std::shared_ptr<List> list_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_TARGET_DIRECTORY_H_
