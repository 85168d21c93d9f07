// SPDX-License-Identifier: Apache-2.0
//
// An object made of files, and made anew when they change: whoever asks gets the latest that could be made.
//
//   net::Reloading<const Config> config({"config.yml"}, [](const std::vector<net::WatchedFile>& files) {
//     return std::make_shared<const Config>(parse(files.front().content));
//   });
//   const std::shared_ptr<const Config> now = config.current();
#ifndef PROMETHEUS_ASYNC_AIO_NET_RELOADING_H_
#define PROMETHEUS_ASYNC_AIO_NET_RELOADING_H_

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aio/net/file_watch.h"
#include "aio/net/log.h"

namespace prometheus_async::aio::net {

// How the last reload went, for two gauges: Prometheus has config_last_reload_successful and
// config_last_reload_success_timestamp_seconds.
struct ReloadState {
  bool is_last_successful = true;
  std::chrono::system_clock::time_point last_success = {};
};

struct ReloadOptions {
  using Clock = std::chrono::steady_clock;

  // The least time between two looks at the files.
  Clock::duration interval = std::chrono::seconds(1);
  // Gets a line when the object cannot be made anew; the same line once only, until it can again.
  Log log = log_to_stderr;
  // The time; a test has its own.
  std::function<Clock::time_point()> now = Clock::now;
};

// Threads: any. One of those that ask looks at the files, in its own call, which blocks for it and for the making; the
// others get what there is.
template <class T>
class Reloading {
 public:
  // Called with the files in the order of their paths, which may have errors. Throws what derives from std::exception:
  // the object that there is stays.
  using Make = std::function<std::shared_ptr<T>(const std::vector<WatchedFile>&)>;

  // Throws what `make` throws.
  Reloading(std::vector<std::string> paths, Make make, ReloadOptions options = {})
      : make_(std::move(make)), options_(std::move(options)), watch_(std::move(paths)) {
    watch_.look();
    current_ = make_(watch_.files());
    state_.last_success = std::chrono::system_clock::now();
    next_look_ = options_.now() + options_.interval;
  }

  Reloading(const Reloading&) = delete;
  Reloading& operator=(const Reloading&) = delete;

  // The latest, after a look at the files if the last was long enough ago. Never null if `make` never gives null.
  std::shared_ptr<T> current() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (is_looking_ || options_.now() < next_look_) return current_;
    is_looking_ = true;
    lock.unlock();

    std::shared_ptr<T> made;
    std::string error;
    try {
      if (watch_.look() || has_failed_) made = make_(watch_.files());
    } catch (const std::exception& thrown) {
      error = thrown.what();
      has_failed_ = true;
    }
    if (made) has_failed_ = false;

    lock.lock();
    is_looking_ = false;
    next_look_ = options_.now() + options_.interval;
    if (made) {
      current_ = std::move(made);
      state_ = {.is_last_successful = true, .last_success = std::chrono::system_clock::now()};
      logged_.clear();
    }
    bool is_news = false;
    if (has_failed_) {
      state_.is_last_successful = false;
      is_news = !error.empty() && error != std::exchange(logged_, error);
    }
    const std::shared_ptr<T> result = current_;
    lock.unlock();
    if (is_news) options_.log("not reloaded, the last good one is used: " + escape_for_log(error));
    return result;
  }

  ReloadState state() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return state_;
  }

 private:
  const Make make_;
  const ReloadOptions options_;
  // Of the thread that set is_looking_.
  FileWatch watch_;
  bool has_failed_ = false;  // to make is tried again then at each look: what it needs may be more than these files

  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<T> current_;
  ReloadState state_;
  ReloadOptions::Clock::time_point next_look_;
  bool is_looking_ = false;
  std::string logged_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_RELOADING_H_
