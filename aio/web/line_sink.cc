// SPDX-License-Identifier: Apache-2.0

#include "aio/web/line_sink.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace prometheus_async::aio::web {
namespace {

void write_line(int fd, std::string_view line) {
  char end = '\n';
  // The system does not write through the pointers.
  std::array<iovec, 2> parts{{{const_cast<char*>(line.data()), line.size()}, {&end, 1}}};
  for (std::size_t left = line.size() + 1; left > 0;) {
    const ssize_t written = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    left -= static_cast<std::size_t>(written);
    const std::size_t of_line = std::min(parts[0].iov_len, static_cast<std::size_t>(written));
    parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + of_line;
    parts[0].iov_len -= of_line;
  }
}

class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "open " + path);
  }
  ~File() { ::close(fd_); }

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

net::Log lines_to_fd(int fd) {
  return [fd](std::string_view line) { write_line(fd, line); };
}

net::Log lines_to_file(const std::string& path) {
  return [file = std::make_shared<const File>(path)](std::string_view line) { write_line(file->fd(), line); };
}

struct BackgroundLines::State {
  // Lines one after the other; lines themselves may hold anything.
  struct Batch {
    std::string text;
    std::vector<std::size_t> ends;

    // In bytes, with an end for each line.
    std::size_t size() const { return text.size() + ends.size(); }
    void clear() {
      text.clear();
      ends.clear();
    }
  };

  State(net::Log log, std::size_t most) : sink(std::move(log)), most_waiting_bytes(most) {}

  void take(std::string_view line) {
    {
      const std::lock_guard lock(mutex);
      if (!is_ending && waiting.size() + line.size() < most_waiting_bytes) {
        waiting.text.append(line);
        waiting.ends.push_back(waiting.text.size());
        if (waiting.ends.size() > 1) return;  // the thread has been told
      } else {
        dropped.fetch_add(1, std::memory_order_relaxed);
        return;
      }
    }
    has_lines.notify_one();
  }

  void run() {
    Batch batch;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        has_lines.wait(lock, [this] { return is_ending || !waiting.ends.empty(); });
        if (waiting.ends.empty()) return;
        std::swap(batch, waiting);
      }
      give_on(batch);
      batch.clear();
    }
  }

  void give_on(const Batch& batch) {
    std::size_t begin = 0;
    for (const std::size_t end : batch.ends) {
      try {
        sink(std::string_view(batch.text).substr(begin, end - begin));
      } catch (...) {
        dropped.fetch_add(1, std::memory_order_relaxed);
      }
      begin = end;
    }
  }

  const net::Log sink;
  const std::size_t most_waiting_bytes;
  std::atomic<std::uint64_t> dropped = 0;

  std::mutex mutex;
  std::condition_variable has_lines;
  Batch waiting;           // guarded by mutex
  bool is_ending = false;  // guarded by mutex
};

BackgroundLines::BackgroundLines(net::Log sink, std::size_t most_waiting_bytes)
    : state_(std::make_shared<State>(std::move(sink), most_waiting_bytes)),
      thread_([state = state_.get()] { state->run(); }) {}

BackgroundLines::~BackgroundLines() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->has_lines.notify_one();
  thread_.join();
}

net::Log BackgroundLines::log() const {
  return [state = state_](std::string_view line) { state->take(line); };
}

std::uint64_t BackgroundLines::dropped() const { return state_->dropped.load(std::memory_order_relaxed); }

}  // namespace prometheus_async::aio::web
