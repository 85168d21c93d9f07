// SPDX-License-Identifier: Apache-2.0
#include "metrics/process_collector.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "tests/testing/recording_sink.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::RecordingSink;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;

namespace fs = std::filesystem;

// A proc file system of files.
class Proc {
 public:
  Proc() : root_(fs::path(::testing::TempDir()) / ("proc" + std::to_string(++made_))) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "self" / "fd");
  }
  ~Proc() { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  void write_stat(const std::string& name, const std::string& start_tick = "2500") const {
    write("self/stat", "4711 (" + name + ") S 1 4711 4711 0 -1 4194560 999 0 0 0 11 22 0 0 20 0 7 0 " + start_tick +
                           " 1048576 300 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n");
  }
  void write_boot_time(const std::string& seconds) const {
    write("stat", "cpu  1 2 3\nintr 5 6 7\nctxt 8\nbtime " + seconds + "\nprocesses 9\n");
  }
  std::string root() const { return root_.string(); }

 private:
  static inline int made_ = 0;
  const fs::path root_;
};

std::map<std::string, double> values_of(const Collector& collector) { return RecordingSink(collector).values; }

TEST(ProcessCollector, ReadsEveryFile) {
  const Proc proc;
  proc.write_stat("shop");
  proc.write_boot_time("1700000000");
  for (const char* const fd : {"0", "1", "2", "1000"}) proc.write(std::string("self/fd/") + fd, "");
  const ProcessCollector collector({.proc_root = proc.root()});
  const auto values = values_of(collector);
  EXPECT_EQ(values.at("process_threads"), 7);
  EXPECT_EQ(values.at("process_virtual_memory_bytes"), 1048576);
  EXPECT_EQ(values.at("process_resident_memory_bytes"), 300.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(values.at("process_start_time_seconds"), 1700000000 + 2500.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(values.at("process_open_fds"), 4);
}

// The name of a program is anything of 15 bytes, and stands in the middle of the line.
TEST(ProcessCollector, IsNotMisledByTheProgramsName) {
  const Proc proc;
  const ProcessCollector collector({.proc_root = proc.root()});
  for (const char* const name :
       {"a b", ")", "(", "a) R 1 2 3 4", "x) S 1 1 1", "a\nb", ") 1 1 1 1 1 1 ", "\xff\xfe", ""}) {
    proc.write_stat(name);
    EXPECT_EQ(values_of(collector).at("process_threads"), 7) << name;
    EXPECT_EQ(values_of(collector).at("process_virtual_memory_bytes"), 1048576) << name;
  }
}

TEST(ProcessCollector, LeavesOutWhatCannotBeRead) {
  const ProcessCollector collector({.proc_root = ::testing::TempDir() + "no_such_proc"});
  std::vector<std::string> names;
  for (const auto& [name, value] : values_of(collector)) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("process_cpu_seconds_total", "process_max_fds", "process_virtual_memory_max_bytes"));
}

TEST(ProcessCollector, LeavesOutWhatIsNoNumber) {
  const Proc proc;
  const ProcessCollector collector({.proc_root = proc.root()});
  for (const char* const text : {"", "4711", "4711 (shop", "4711 (shop)", "4711 (shop) S 1 2 3",
                                 "4711 (shop) S 1 1 1 0 -1 1 9 0 0 0 1 2 0 0 20 0 x 0 y z -"}) {
    proc.write("self/stat", text);
    const auto values = values_of(collector);
    for (const char* const name : {"process_threads", "process_virtual_memory_bytes", "process_resident_memory_bytes",
                                   "process_start_time_seconds"}) {
      EXPECT_THAT(values, Not(Contains(Key(name)))) << text;
    }
  }
}

TEST(ProcessCollector, LeavesOutTheStartTimeWithoutTheSystemsOwn) {
  const Proc proc;
  proc.write_stat("shop");
  const ProcessCollector collector({.proc_root = proc.root()});
  EXPECT_THAT(values_of(collector), Not(Contains(Key("process_start_time_seconds"))));
  proc.write("stat", "cpu 1\nbtime soon\n");
  EXPECT_THAT(values_of(collector), Not(Contains(Key("process_start_time_seconds"))));
  proc.write_boot_time("1700000000");
  EXPECT_THAT(values_of(collector), Contains(Key("process_start_time_seconds"))) << "tried again at each scrape";
}

// Setting the wall clock moves the system's start.
TEST(ProcessCollector, TheStartTimeStaysWhereItIs) {
  const Proc proc;
  proc.write_stat("shop");
  proc.write_boot_time("1700000000");
  const ProcessCollector collector({.proc_root = proc.root()});
  const double before = values_of(collector).at("process_start_time_seconds");
  proc.write_boot_time("1700000001");
  EXPECT_EQ(values_of(collector).at("process_start_time_seconds"), before);
}

TEST(ProcessCollector, AForkedProcessHasAStartTimeOfItsOwn) {
  const Proc proc;
  proc.write_stat("shop", "2500");
  proc.write_boot_time("1700000000");
  const ProcessCollector collector({.proc_root = proc.root()});
  const double parent = values_of(collector).at("process_start_time_seconds");
  proc.write_stat("shop", "9900");
  EXPECT_GT(values_of(collector).at("process_start_time_seconds"), parent);
}

TEST(ProcessCollector, WritesOnlyWhatItDescribesAndEachOnce) {
  std::set<std::string> described;
  const ProcessCollector collector;
  for (const FamilyInfo& info : collector.describe()) {
    EXPECT_TRUE(described.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
    if (!info.unit.empty()) {
      EXPECT_THAT(info.name, ::testing::AnyOf(::testing::EndsWith("_" + info.unit),
                                              ::testing::EndsWith("_" + info.unit + "_total")));
    }
  }
  const auto values = values_of(collector);
  for (const auto& [name, value] : values) EXPECT_EQ(described.count(name), 1u) << name;
  EXPECT_EQ(RecordingSink(collector).lines.size(), 2 * values.size()) << "a family and its one series";
}

// The examples of metrics/process_collector.h.
TEST(ProcessCollector, IsInTheDefaultRegistryUntilItIsTakenOut) {
  EXPECT_GT(metrics::default_registry().get_sample_value("process_cpu_seconds_total"), 0);
  metrics::default_registry().unregister("process_cpu_seconds_total");
  EXPECT_EQ(metrics::default_registry().get_sample_value("process_cpu_seconds_total"), std::nullopt);
}
TEST(ProcessCollector, IsPutIntoARegistryAndTakenOut) {
  Registry registry;
  registry.add(metrics::process_collector());
  EXPECT_GT(registry.get_sample_value("process_cpu_seconds_total"), 0);
  EXPECT_TRUE(registry.unregister("process_cpu_seconds_total"));
  EXPECT_EQ(registry.get_sample_value("process_cpu_seconds_total"), std::nullopt);
  EXPECT_EQ(registry.get_sample_value("process_threads"), std::nullopt) << "all of it goes";
}

// ---- this process

#if defined(__linux__)

TEST(ThisProcess, HasEveryStandardMetric) {
  std::set<std::string> names;
  for (const auto& [name, value] : values_of(*process_collector())) {
    names.insert(name);
    EXPECT_GT(value, 0) << name;
  }
  EXPECT_THAT(names, ElementsAre("process_cpu_seconds_total", "process_max_fds", "process_open_fds",
                                 "process_resident_memory_bytes", "process_start_time_seconds", "process_threads",
                                 "process_virtual_memory_bytes", "process_virtual_memory_max_bytes"));
}

TEST(ThisProcess, CountsItsOpenFileDescriptors) {
  const auto open_fds = [] { return values_of(*process_collector()).at("process_open_fds"); };
  const double before = open_fds();
  std::vector<int> opened;
  for (int i = 0; i < 10; ++i) opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(opened, Each(::testing::Ge(0)));
  EXPECT_EQ(open_fds(), before + 10);
  for (const int fd : opened) close(fd);
  EXPECT_EQ(open_fds(), before);
  // Of the directory's entries one is the one that we look with.
  const auto entries = std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  EXPECT_EQ(before, static_cast<double>(entries - 1));
}

// What Linux before 6.2 needs gives the same number. The directory is not on a proc file system, so it is listed.
TEST(ThisProcess, ListsDescriptorsWhereTheSizeSaysNothing) {
  const Proc proc;
  for (int fd = 100; fd < 150; ++fd) proc.write("self/fd/" + std::to_string(fd), "");
  const ProcessCollector collector({.proc_root = proc.root()});
  EXPECT_EQ(values_of(collector).at("process_open_fds"), 50);
  EXPECT_EQ(values_of(collector).at("process_open_fds"), 50) << "none is left open";
  // The descriptor that the directory is read with is in it as well, and is not counted: the lowest that is free.
  const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(next);
  proc.write("self/fd/" + std::to_string(next), "");
  EXPECT_EQ(values_of(collector).at("process_open_fds"), 50);
}

TEST(ThisProcess, CountsItsThreads) {
  const auto threads = [] { return values_of(*process_collector()).at("process_threads"); };
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::vector<std::thread> more;
  const auto start = [&] { more.emplace_back([ended] { ended.wait(); }); };
  start();  // ThreadSanitizer starts one of its own along with the first
  const double before = threads();
  for (int i = 0; i < 3; ++i) start();
  EXPECT_EQ(threads(), before + 3);
  end.set_value();
  for (auto& thread : more) thread.join();
}

TEST(ThisProcess, SeesMemoryThatIsTouched) {
  const auto before = values_of(*process_collector());
  constexpr std::size_t kSize = 64 << 20;
  const std::vector<char> touched(kSize, 'x');
  const auto after = values_of(*process_collector());
  EXPECT_EQ(touched[kSize / 2], 'x');
  // Linux counts pages a thread or processor at a time, and is behind by some.
  EXPECT_GE(after.at("process_resident_memory_bytes") - before.at("process_resident_memory_bytes"), kSize * 0.75);
  EXPECT_GE(after.at("process_virtual_memory_bytes"), after.at("process_resident_memory_bytes"));
}

TEST(ThisProcess, CountsItsProcessorTime) {
  const auto cpu = [] { return values_of(*process_collector()).at("process_cpu_seconds_total"); };
  const double before = cpu();
  const std::clock_t begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 50) {
  }
  EXPECT_GE(cpu() - before, 0.02);
}

TEST(ThisProcess, KnowsItsLimits) {
  rlimit files{}, memory{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  ASSERT_EQ(getrlimit(RLIMIT_AS, &memory), 0);
  const rlimit fewer{files.rlim_cur - 1, files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &fewer), 0);
  const auto values = values_of(*process_collector());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  EXPECT_EQ(values.at("process_max_fds"), static_cast<double>(files.rlim_cur) - 1);
  EXPECT_EQ(values.at("process_virtual_memory_max_bytes"), static_cast<double>(memory.rlim_cur));
}

TEST(ThisProcess, StartedBeforeNowAndAfterItsSystem) {
  const double start = values_of(*process_collector()).at("process_start_time_seconds");
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_LE(start, now + 1) << "the system's start is in whole seconds";
  EXPECT_GE(start, now - 24 * 3600) << "tests do not take days";
}

#endif

}  // namespace
}  // namespace prometheus_async::metrics
