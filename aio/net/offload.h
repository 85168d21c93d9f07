// SPDX-License-Identifier: Apache-2.0
//
// Runs what would hold up the event loop, as a file system's calls or a password's hash, on a thread.
//
//   auto read = [path] { return read_file(path); };
//   const std::string text = co_await net::offload(std::move(read));
//
// g++ 12 miscompiles a capturing lambda within the co_await expression (it destroys it twice): give it a name, as here.
#ifndef PROMETHEUS_ASYNC_AIO_NET_OFFLOAD_H_
#define PROMETHEUS_ASYNC_AIO_NET_OFFLOAD_H_

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// The pool of those who have none: 4 threads, which take no signals, made at the first call and never ended. What runs
// there when main() returns is cut off. A child that was forked makes a pool of its own.
//
// Threads: any. Throws std::system_error if there can be no threads.
asio::thread_pool& default_offload_pool();
// Another one like it, for what may take seconds, as a scrape whose collectors are slow: it holds up nothing that is
// short.
asio::thread_pool& slow_offload_pool();

namespace internal {

// One call: shared by its coroutine and the thread, either of which may be done with it first.
class OffloadCall {
 public:
  explicit OffloadCall(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  virtual ~OffloadCall() = default;

  // Runs the call in the pool; returns when it is over. Throws what it throws, and operation_aborted if the coroutine
  // was cancelled meanwhile, which does not end the call.
  static asio::awaitable<void> finish(asio::thread_pool& pool, std::shared_ptr<OffloadCall> call);

 private:
  class Waiter;

  // On the thread, once.
  virtual void invoke() = 0;
  void run(const std::shared_ptr<OffloadCall>& self) noexcept;

  std::mutex mutex_;
  std::optional<asio::any_io_executor> executor_;  // under mutex_; none once the coroutine is gone, and its io_context
  std::exception_ptr failure_;

  // On the executor alone.
  asio::steady_timer* waiter_ = nullptr;
  bool is_over_ = false;
};

template <class F, class R>
class OffloadedFunction final : public OffloadCall {
 public:
  OffloadedFunction(asio::any_io_executor executor, F f) : OffloadCall(std::move(executor)), f_(std::move(f)) {}

  // REQUIRES: it is over, and has not thrown.
  R take() {
    if constexpr (!std::is_void_v<R>) return std::move(*result_);
  }

 private:
  void invoke() override {
    if constexpr (std::is_void_v<R>) {
      std::invoke(f_);
    } else {
      result_.emplace(std::invoke(f_));
    }
  }

  F f_;
  std::optional<std::conditional_t<std::is_void_v<R>, std::monostate, R>> result_;
};

}  // namespace internal

// Calls f() on a thread of the pool and awaits its result, or the exception that it throws.
//
// Threads: the coroutine goes on on its own executor, which runs one handler at a time (an io_context that one thread
// runs, or a strand). f and its result are destroyed on either thread.
// Cancelled: ends at once with operation_aborted, though f runs on to its end, and its result is dropped. The same if
// the coroutine is destroyed, with its io_context too: so f owns what it uses, and refers to nothing of the coroutine.
// Cost: two hand-overs between threads, some ten microseconds. Lifetime: `pool` outlives its calls.
template <std::invocable F>
asio::awaitable<std::invoke_result_t<F&>> offload(asio::thread_pool& pool, F f) {
  using Call = internal::OffloadedFunction<F, std::invoke_result_t<F&>>;
  const auto call = std::make_shared<Call>(co_await asio::this_coro::executor, std::move(f));
  co_await internal::OffloadCall::finish(pool, call);
  co_return call->take();
}

// The same on default_offload_pool().
template <std::invocable F>
asio::awaitable<std::invoke_result_t<F&>> offload(F f) {
  return offload(default_offload_pool(), std::move(f));
}

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_OFFLOAD_H_
