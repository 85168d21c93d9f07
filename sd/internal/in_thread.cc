// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/in_thread.h"

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace prometheus_async::sd::internal {
namespace {

// Shared by the coroutine and the thread, either of which may be done with it first.
class Call {
 public:
  Call(asio::any_io_executor executor, std::function<void()> work, std::function<void()> if_abandoned)
      : executor_(std::move(executor)), work_(std::move(work)), if_abandoned_(std::move(if_abandoned)) {}

  const asio::any_io_executor& executor() const { return *executor_; }

  // On the thread.
  void run(const std::shared_ptr<Call>& self) noexcept {
    std::exception_ptr failure;
    try {
      work_();
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_over_ = true;
      failure_ = std::move(failure);
      if (executor_) {
        asio::post(*executor_, [self] {
          if (self->waiter_ != nullptr) self->waiter_->cancel();
        });
        return;
      }
    }
    if (if_abandoned_) if_abandoned_();
  }

  // On the executor. Once, when the coroutine waits no more: it has heard of the end, or does not care for it. False if
  // the work goes on.
  bool leave(bool hears) noexcept {
    waiter_ = nullptr;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      executor_.reset();
      if (!is_over_) return false;
    }
    if (!hears && if_abandoned_) if_abandoned_();
    return true;
  }

  // REQUIRES: leave() was true.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  void set_waiter(asio::steady_timer* waiter) { waiter_ = waiter; }

 private:
  std::mutex mutex_;
  std::optional<asio::any_io_executor> executor_;  // under mutex_; none once the coroutine has left
  bool is_over_ = false;                           // under mutex_
  std::exception_ptr failure_;                     // written before is_over_
  std::function<void()> work_;
  std::function<void()> if_abandoned_;
  asio::steady_timer* waiter_ = nullptr;  // on the executor alone
};

// What the coroutine waits for: the end of the call cancels it.
class Waiter {
 public:
  explicit Waiter(std::shared_ptr<Call> call)
      : call_(std::move(call)), timer_(call_->executor(), asio::steady_timer::time_point::max()) {
    call_->set_waiter(&timer_);
  }
  ~Waiter() {
    if (!has_left_) call_->leave(false);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  asio::steady_timer& timer() { return timer_; }

  void finish() {
    has_left_ = true;
    if (!call_->leave(true)) throw boost::system::system_error(asio::error::operation_aborted);
    call_->rethrow();
  }

 private:
  std::shared_ptr<Call> call_;
  asio::steady_timer timer_;
  bool has_left_ = false;
};

void start(const std::shared_ptr<Call>& call) {
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  for (const int own : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) ::sigdelset(&blocked, own);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  std::exception_ptr failure;
  try {
    std::thread([call] { call->run(call); }).detach();
  } catch (...) {
    failure = std::current_exception();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

asio::awaitable<void> in_thread(std::function<void()> work, std::function<void()> if_abandoned) {
  const auto call =
      std::make_shared<Call>(co_await asio::this_coro::executor, std::move(work), std::move(if_abandoned));
  Waiter waiter(call);
  start(call);
  co_await waiter.timer().async_wait(asio::as_tuple(asio::use_awaitable));
  waiter.finish();
}

}  // namespace prometheus_async::sd::internal
