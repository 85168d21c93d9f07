// SPDX-License-Identifier: Apache-2.0
//
// What every Prometheus client says of its process: processor time, memory, open files, threads, when it started.
// default_registry() has it; this takes it out:
//
//   metrics::default_registry().unregister("process_cpu_seconds_total");    // one of its families names it
//
// and a registry of your own gets it with
//
//   registry.add(metrics::process_collector());
#ifndef PROMETHEUS_ASYNC_METRICS_PROCESS_COLLECTOR_H_
#define PROMETHEUS_ASYNC_METRICS_PROCESS_COLLECTOR_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metrics/collector.h"

namespace prometheus_async::metrics {

struct ProcessCollectorOptions {
  // Where the proc file system is. A test brings files of its own.
  std::string proc_root = "/proc";
};

// The families that Prometheus has standardised, by
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics, and process_threads:
//
//   process_cpu_seconds_total          user and system time          the process' CPU clock
//   process_open_fds                   open file descriptors         self/fd: its size; entries before Linux 6.2
//   process_max_fds                    limit of them                 getrlimit
//   process_virtual_memory_bytes       size of the address space     self/stat
//   process_virtual_memory_max_bytes   limit of it                   getrlimit
//   process_resident_memory_bytes      memory in use                 self/stat
//   process_start_time_seconds         Unix time of its start        self/stat, stat
//   process_threads                    threads                       self/stat
//
// No limit is the largest number that a limit can have, as with client_golang. What cannot be read is left out, and so
// is process_heap_bytes: what an allocator calls its heap is not the same thing anywhere. All of it is this process':
// also in a child after a fork, since files are opened by their path at each scrape.
//
// process_start_time_seconds is computed once: Linux gives the time of its own start in whole seconds that move when
// the wall clock is set.
//
// Threads: safe from any thread. Cost of a scrape: one small file and a few system calls, some 40 microseconds; before
// Linux 6.2, one directory entry for each open file descriptor as well.
class ProcessCollector final : public Collector {
 public:
  explicit ProcessCollector(ProcessCollectorOptions options = {});

  std::vector<FamilyInfo> describe() const override;
  void collect(Sink& sink) const override;

 private:
  // The Unix time of the tick since the system's start, out of a cache of one.
  std::optional<double> start_time(std::uint64_t tick) const;

  const std::string root_;
  mutable std::mutex mutex_;
  mutable std::optional<std::uint64_t> start_tick_;  // guarded by mutex_; another one after a fork
  mutable double start_time_ = 0;                    // of start_tick_; guarded by mutex_
};

// The one that default_registry() has.
const std::shared_ptr<const Collector>& process_collector();

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_PROCESS_COLLECTOR_H_
