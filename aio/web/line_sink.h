// SPDX-License-Identifier: Apache-2.0
//
// Where the lines of a log go: a file or a pipe, at once or from a thread of its own.
//
//   web::BackgroundLines lines(web::lines_to_file("access.log"));
//   web::run_app(std::move(app), {.server = {.access_log = {.sink = lines.log()}}});
#ifndef PROMETHEUS_ASYNC_AIO_WEB_LINE_SINK_H_
#define PROMETHEUS_ASYNC_AIO_WEB_LINE_SINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "aio/net/log.h"

namespace prometheus_async::aio::web {

// Each line and its end in one system call, so that those of several threads, and of several processes that append to
// one file, do not mix. Waits where the system does, as for the reader of a full pipe. What the system refuses is
// dropped. Threads: any.
//
// `fd` stays the caller's, as STDOUT_FILENO, and open as long as the result is used.
net::Log lines_to_fd(int fd);

// The same at the end of a file, which is made if it is not there, for its owner and group. It is opened once and
// closed with the last copy of the result: to rotate it, copy and truncate.
//
// Throws std::system_error that names the file.
net::Log lines_to_file(const std::string& path);

// Takes lines without waiting and gives them on from its own thread: what serves requests never waits for a disk.
// Where they come faster than they go, the newest are dropped, and counted.
//
// Threads: any. Lifetime: the destructor waits until the lines that were taken are given on; what comes afterwards is
// dropped and counted. A process that forks has its thread in the parent alone: make it after the fork.
class BackgroundLines {
 public:
  // `sink` is called on the thread of *this only; what it throws is dropped, and counted as a line that was.
  // `most_waiting_bytes`: of lines that wait, with their ends; a line that would not fit is dropped.
  explicit BackgroundLines(net::Log sink, std::size_t most_waiting_bytes = 1024 * 1024);
  ~BackgroundLines();

  BackgroundLines(const BackgroundLines&) = delete;
  BackgroundLines& operator=(const BackgroundLines&) = delete;

  // What takes the lines.
  net::Log log() const;

  // Lines that nobody got. For a metric: registry.counter_function("log_dropped_lines_total", "...", [&] { ... }).
  std::uint64_t dropped() const;

 private:
  struct State;
  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_LINE_SINK_H_
