// SPDX-License-Identifier: Apache-2.0

#include "aio/net/offload.h"

#include <pthread.h>
#include <signal.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace prometheus_async::aio::net {
namespace {

constexpr std::size_t kThreads = 4;  // more than one, so that a slow disk does not hold up a password's hash

enum class Kind : std::uint8_t { kDefault, kSlow };

struct Pools {
  std::mutex mutex;
  std::array<asio::thread_pool*, 2> by_kind{};  // null until it is asked for
};

// Never destroyed: a server may answer until the very end.
Pools& pools() {
  static Pools& all = []() -> Pools& {
    // A forked child has none of the threads. Nobody holds the mutex over a fork.
    ::pthread_atfork([] { pools().mutex.lock(); }, [] { pools().mutex.unlock(); },
                     [] {
                       pools().by_kind.fill(nullptr);
                       pools().mutex.unlock();
                     });
    return *new Pools;
  }();
  return all;
}

// Its threads have a name of theirs, and leave all signals to the program's own, but for those that an instruction of
// their own raises.
asio::thread_pool* make_pool() {
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  for (const int own : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) ::sigdelset(&blocked, own);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  char name[16] = {};  // of this thread, which new ones have too
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  ::pthread_setname_np(::pthread_self(), "PrometheusPool");
  asio::thread_pool* pool = nullptr;
  std::exception_ptr failure;
  try {
    pool = new asio::thread_pool(kThreads);
  } catch (...) {
    failure = std::current_exception();
  }
  ::pthread_setname_np(::pthread_self(), name);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure) std::rethrow_exception(failure);
  return pool;
}

asio::thread_pool& pool_of(Kind kind) {
  Pools& all = pools();
  const std::lock_guard<std::mutex> lock(all.mutex);
  asio::thread_pool*& pool = all.by_kind[static_cast<std::size_t>(kind)];
  if (pool == nullptr) pool = make_pool();
  return *pool;
}

}  // namespace

asio::thread_pool& default_offload_pool() { return pool_of(Kind::kDefault); }
asio::thread_pool& slow_offload_pool() { return pool_of(Kind::kSlow); }

namespace internal {

// What a coroutine waits for: the end of the call cancels it. As long as it is there, the thread may post to the
// executor; when the coroutine goes, by itself or with the io_context, the executor is taken away from the thread.
class OffloadCall::Waiter {
 public:
  explicit Waiter(OffloadCall& call) : call_(call), timer_(*call.executor_, asio::steady_timer::time_point::max()) {
    call_.waiter_ = &timer_;
  }
  ~Waiter() {
    call_.waiter_ = nullptr;
    const std::lock_guard<std::mutex> lock(call_.mutex_);
    call_.executor_.reset();
  }

  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  asio::steady_timer& timer() { return timer_; }

 private:
  OffloadCall& call_;
  asio::steady_timer timer_;
};

asio::awaitable<void> OffloadCall::finish(asio::thread_pool& pool, std::shared_ptr<OffloadCall> call) {
  Waiter waiter(*call);
  asio::post(pool, [call] { call->run(call); });
  co_await waiter.timer().async_wait(asio::as_tuple(asio::use_awaitable));
  if (!call->is_over_) throw boost::system::system_error(asio::error::operation_aborted);
  if (call->failure_) std::rethrow_exception(std::exchange(call->failure_, nullptr));
}

void OffloadCall::run(const std::shared_ptr<OffloadCall>& self) noexcept {
  try {
    invoke();
  } catch (...) {
    failure_ = std::current_exception();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!executor_) return;
  asio::post(*executor_, [self] {
    self->is_over_ = true;
    if (self->waiter_ != nullptr) self->waiter_->cancel();
  });
}

}  // namespace internal
}  // namespace prometheus_async::aio::net
