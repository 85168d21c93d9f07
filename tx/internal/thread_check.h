// SPDX-License-Identifier: Apache-2.0
//
// Remembers the thread that made it and, in builds without NDEBUG, ends the program when another one uses it.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_THREAD_CHECK_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_THREAD_CHECK_H_

namespace prometheus_async::tx::internal {

[[noreturn]] void fail_thread_check() noexcept;

#ifdef NDEBUG
class ThreadCheck {
 public:
  void check() const noexcept {}
};
#else
class ThreadCheck {
 public:
  void check() const noexcept {
    if (owner_ != &mark_) fail_thread_check();
  }

 private:
  static inline constinit thread_local char mark_ = 0;  // its address names the thread
  const char* owner_ = &mark_;
};
#endif

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_THREAD_CHECK_H_
