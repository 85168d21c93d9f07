// SPDX-License-Identifier: Apache-2.0
//
// Another program run by a test (Consul, Prometheus, a service of ours): started, watched through its output, and
// certainly ended.
//
//     testing::ReservedPort port;
//     testing::ChildProcess service({"services/quickstart/quickstart", "--port=" + port.text()});
//     ASSERT_TRUE(service.wait_for_line("listening on")) << service.output();
//     ...
//     EXPECT_EQ(service.terminate(), 0);
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_CHILD_PROCESS_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus_async::testing {

// A running program. Its stdout and stderr go together into one file, which stays among the test's outputs.
//
// The kernel kills the program when the thread that started it ends, so it outlives neither this object nor a crash of
// the test. Every wait is bounded, and ends early when the program does.
//
// Threads: one at a time.
class ChildProcess {
 public:
  static constexpr std::chrono::seconds kLimit{30};  // far beyond what a loaded machine needs

  // Starts argv[0], a path or a name found in PATH. `environment` holds NAME=VALUE strings added to the test's own.
  // Errors: std::system_error naming the program.
  explicit ChildProcess(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // terminate()

  pid_t pid() const { return pid_; }
  // What the program has written up to now.
  std::string output() const;

  // The first complete line of the output that contains `text`; nothing if the limit or the program's end comes first.
  std::optional<std::string> wait_for_line(std::string_view text, std::chrono::milliseconds limit = kLimit);
  // Asks again and again until `condition` holds; false if the limit or the program's end comes first.
  bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = kLimit);
  // The exit status as a shell has it: the program's own, or 128 + the signal that killed it; nothing if it still runs.
  std::optional<int> wait_for_exit(std::chrono::milliseconds limit = kLimit);

  // Does nothing once the program has ended.
  void send_signal(int signal);
  // Sends SIGTERM, after the limit SIGKILL, and returns the exit status. Calling it again returns the same.
  int terminate();

 private:
  // True once the program has ended; waits at most `limit` for it.
  bool ended(std::chrono::milliseconds limit);

  std::string program_;
  std::string output_path_;
  pid_t pid_ = -1;
  int pidfd_ = -1;  // readable once the program has ended
  std::optional<int> status_;
};

// A TCP port of 127.0.0.1 that nothing else is given while this object lives: bound, not listened on. Connecting to it
// is refused until a program listens there; a program that sets SO_REUSEADDR before it binds (Go's and Asio's acceptors
// do) can.
class ReservedPort {
 public:
  ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  ~ReservedPort();

  std::uint16_t number() const { return number_; }
  std::string text() const { return std::to_string(number_); }

 private:
  int fd_;
  std::uint16_t number_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_CHILD_PROCESS_H_
