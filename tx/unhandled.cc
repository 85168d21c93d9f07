// SPDX-License-Identifier: Apache-2.0

#include "tx/unhandled.h"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace prometheus_async::tx {
namespace {

constexpr std::chrono::seconds kPause(1);  // between two lines of the default hook

std::mutex& mutex() {
  static auto& instance = *new std::mutex;  // never destroyed: Deferreds may be dropped while the program ends
  return instance;
}

// Guarded by mutex(). Null: the default.
std::shared_ptr<const UnhandledFailureHook>& hook() {
  static auto& instance = *new std::shared_ptr<const UnhandledFailureHook>;
  return instance;
}

void print(const UnhandledFailure& unhandled) {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point next_line{};
  static std::size_t left_out = 0;
  std::string line;
  {
    const std::lock_guard lock(mutex());
    const Clock::time_point now = Clock::now();
    if (now < next_line) {
      ++left_out;
      return;
    }
    next_line = now + kPause;
    line = "prometheus_async: unhandled failure in a Deferred: " + unhandled.failure.get_brief_traceback();
    if (!unhandled.debug.empty()) line.append(" (").append(unhandled.debug).append(")");
    if (left_out > 0) line += " (and " + std::to_string(left_out) + " before it)";
    left_out = 0;
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

UnhandledFailureHook set_unhandled_failure_hook(UnhandledFailureHook new_hook) {
  auto next = new_hook ? std::make_shared<const UnhandledFailureHook>(std::move(new_hook)) : nullptr;
  const std::lock_guard lock(mutex());
  hook().swap(next);
  return next ? *next : nullptr;
}

void report_unhandled_failure(const Failure& failure, std::string_view debug) noexcept {
  try {
    std::shared_ptr<const UnhandledFailureHook> current;
    {
      const std::lock_guard lock(mutex());
      current = hook();
    }
    const UnhandledFailure unhandled{failure, debug};
    if (current) {
      (*current)(unhandled);
    } else {
      print(unhandled);
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is nobody to tell
  }
}

void set_debugging(bool on) noexcept { internal::is_debugging.store(on, std::memory_order_relaxed); }

}  // namespace prometheus_async::tx
