// SPDX-License-Identifier: Apache-2.0
#include "metrics/process_collector.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#if defined(__linux__)
#include <sys/vfs.h>  // statfs
#endif

namespace prometheus_async::metrics {
namespace {

// In the order of the page.
enum Family { kCpu, kOpenFds, kMaxFds, kVirtualMemory, kVirtualMemoryMax, kResidentMemory, kStartTime, kThreads };

const std::vector<FamilyInfo>& families() {
  static const auto& families = *new std::vector<FamilyInfo>{
      {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", MetricType::kCounter,
       "seconds"},
      {"process_open_fds", "Number of open file descriptors.", MetricType::kGauge},
      {"process_max_fds", "Maximum number of open file descriptors.", MetricType::kGauge},
      {"process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::kGauge, "bytes"},
      {"process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", MetricType::kGauge,
       "bytes"},
      {"process_resident_memory_bytes", "Resident memory size in bytes.", MetricType::kGauge, "bytes"},
      {"process_start_time_seconds", "Start time of the process since the Unix epoch in seconds.", MetricType::kGauge,
       "seconds"},
      {"process_threads", "Number of operating system threads in the process.", MetricType::kGauge}};
  return families;
}

// Takes the word that `text` begins with, and the blank behind it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<std::uint64_t> to_number(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end == word.data()) return std::nullopt;
  return number;
}

// What self/stat says; man 5 proc numbers the fields.
struct Stat {
  std::optional<std::uint64_t> threads;         // 20
  std::optional<std::uint64_t> start_tick;      // 22, since the system's start
  std::optional<std::uint64_t> virtual_bytes;   // 23
  std::optional<std::uint64_t> resident_pages;  // 24
};

Stat read_stat(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  Stat stat;
  // The second field is the program's name in parentheses, and may itself hold parentheses, blanks and newlines.
  const std::size_t name_end = text.rfind(')');
  if (name_end == text.npos) return stat;
  std::string_view rest = std::string_view(text).substr(name_end + 1);
  take_word(rest);  // what is before the blank: nothing
  for (int field = 3; field <= 24 && !rest.empty(); ++field) {
    const std::string_view word = take_word(rest);
    switch (field) {
      case 20: stat.threads = to_number(word); break;
      case 22: stat.start_tick = to_number(word); break;
      case 23: stat.virtual_bytes = to_number(word); break;
      case 24: stat.resident_pages = to_number(word); break;
      default: break;
    }
  }
  return stat;
}

// The Unix time of the system's start, in seconds.
std::optional<std::uint64_t> read_boot_time(const std::string& file) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("btime ")) return to_number(std::string_view(line).substr(6));
  }
  return std::nullopt;
}

#if defined(__linux__)
constexpr long kProcSuperMagic = 0x9FA0;  // man 2 statfs
#endif

std::optional<double> read_open_fds(const std::string& directory) {
#if defined(__linux__)
  // Since 6.2 the size is the number. Elsewhere it is 0, or on another file system something else.
  struct statfs file_system{};
  struct stat status{};
  if (statfs(directory.c_str(), &file_system) == 0 && file_system.f_type == kProcSuperMagic &&
      stat(directory.c_str(), &status) == 0 && status.st_size > 0) {
    return static_cast<double>(status.st_size);
  }
#endif
  DIR* const entries = opendir(directory.c_str());
  if (entries == nullptr) return std::nullopt;
  const std::string own = std::to_string(dirfd(entries));  // open while we look, and no longer
  double count = 0;
  while (const dirent* const entry = readdir(entries)) {
    if (entry->d_name[0] != '.' && entry->d_name != own) ++count;
  }
  closedir(entries);
  return count;
}

std::optional<double> read_cpu_seconds() {
  timespec time{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return std::nullopt;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// REQUIRES: `resource` is one of RLIMIT_*, whose type differs between C libraries.
template <class Resource>
std::optional<double> read_limit(Resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> times(std::optional<std::uint64_t> number, long unit) {
  if (!number || unit <= 0) return std::nullopt;
  return static_cast<double>(*number) * static_cast<double>(unit);
}

}  // namespace

ProcessCollector::ProcessCollector(ProcessCollectorOptions options) : root_(std::move(options.proc_root)) {}

std::vector<FamilyInfo> ProcessCollector::describe() const { return families(); }

void ProcessCollector::collect(Sink& sink) const {
  const Stat stat = read_stat(root_ + "/self/stat");
  std::optional<double> started;
  if (stat.start_tick) started = start_time(*stat.start_tick);
  if (const std::optional<double> seconds = read_cpu_seconds()) {
    sink.family(families()[kCpu]);
    sink.counter({}, {.part = *seconds, .created = started.value_or(0)});
  }
  const auto gauge = [&sink](Family family, const std::optional<double>& value) {
    if (!value) return;
    sink.family(families()[family]);
    sink.value({}, *value);
  };
  gauge(kOpenFds, read_open_fds(root_ + "/self/fd"));
  gauge(kMaxFds, read_limit(RLIMIT_NOFILE));
  gauge(kVirtualMemory, times(stat.virtual_bytes, 1));
  gauge(kVirtualMemoryMax, read_limit(RLIMIT_AS));
  gauge(kResidentMemory, times(stat.resident_pages, sysconf(_SC_PAGESIZE)));
  gauge(kStartTime, started);
  gauge(kThreads, times(stat.threads, 1));
}

std::optional<double> ProcessCollector::start_time(std::uint64_t tick) const {
  const std::lock_guard lock(mutex_);
  if (start_tick_ == tick) return start_time_;
  const std::optional<std::uint64_t> boot = read_boot_time(root_ + "/stat");
  const long ticks_a_second = sysconf(_SC_CLK_TCK);
  if (!boot || ticks_a_second <= 0) return std::nullopt;
  start_tick_ = tick;
  start_time_ = static_cast<double>(*boot) + static_cast<double>(tick) / static_cast<double>(ticks_a_second);
  return start_time_;
}

const std::shared_ptr<const Collector>& process_collector() {
  static const auto& collector = *new std::shared_ptr<const Collector>(std::make_shared<ProcessCollector>());
  return collector;
}

}  // namespace prometheus_async::metrics
