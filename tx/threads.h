// SPDX-License-Identifier: Apache-2.0
//
// Work that would block the event loop, done on a thread; and the loop's work asked for by a thread. Twisted's
// internet.threads.
//
//   tx::Deferred<void> stored = tx::defer_to_thread(reactor, hash, password).add_callback(store);
//
//   Page page = tx::blocking_call_from_thread(reactor, fetch, url);     // on another thread; fetch() returns a
//   Deferred
#ifndef PROMETHEUS_ASYNC_TX_THREADS_H_
#define PROMETHEUS_ASYNC_TX_THREADS_H_

#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "tx/deferred.h"
#include "tx/delayed_call.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/callback.h"
#include "tx/internal/holder.h"
#include "tx/promise.h"
#include "tx/reactor.h"
#include "tx/result.h"

namespace prometheus_async::tx {

namespace internal {

template <class F, class... Args>
using ThreadResult = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;
template <class F, class... Args>
using ThreadValue = typename ValueOf<ThreadResult<F, Args...>>::type;

// A call of function(args...) on a thread, whose result is given back to the loop.
template <class F, class... Args>
auto make_thread_call(Reactor& reactor, Promise<ThreadValue<F, Args...>> promise, F&& function, Args&&... args) {
  using T = ThreadValue<F, Args...>;
  static_assert(!is_deferred<ThreadResult<F, Args...>>,
                "prometheus_async: a Deferred belongs to the thread that made it, so a function for another thread "
                "returns its value");
  return make_call([&reactor, promise = std::move(promise),
                    call = internal::bind(std::forward<F>(function), std::forward<Args>(args)...)]() mutable {
    auto deliver = [promise = std::move(promise), result = internal::call<T>(call).take_result()]() mutable {
      promise.callback(std::move(result));
    };
    ReactorThreads::give_back(reactor, make_call(std::move(deliver)));
  });
}

}  // namespace internal

// Calls function(args...) on a thread of the reactor's pool. Fires, on the loop's thread, with what it returns or
// throws. It and the arguments are destroyed on the thread.
//
// Cancelled: CancelledError at once; the thread goes on, and what it returns is dropped.
// After Reactor::stop() has ended the threads: fails with ReactorNotRunning.
// Threads: the reactor's.
template <class F, class... Args>
auto defer_to_thread(Reactor& reactor, F&& function, Args&&... args) {
  using T = internal::ThreadValue<F, Args...>;
  if (internal::ReactorThreads::are_closed(reactor)) {
    return fail<T>(ReactorNotRunning("defer_to_thread() after Reactor::stop()"));
  }
  Promise<T> promise;
  Deferred<T> deferred = promise.get_deferred();
  internal::ReactorThreads::submit(
      reactor,
      internal::make_thread_call(reactor, std::move(promise), std::forward<F>(function), std::forward<Args>(args)...));
  return deferred;
}

// The same on threads of the caller's, for functions that should not stand in the queue of others.
// Lifetime: the threads are joined before the reactor is destroyed, and on the loop's thread.
template <class F, class... Args>
auto defer_to_thread_pool(Reactor& reactor, asio::thread_pool& pool, F&& function, Args&&... args) {
  using T = internal::ThreadValue<F, Args...>;
  Promise<T> promise;
  Deferred<T> deferred = promise.get_deferred();
  auto run = [call = internal::make_thread_call(reactor, std::move(promise), std::forward<F>(function),
                                                std::forward<Args>(args)...),
              work = asio::make_work_guard(reactor.context())] { call->call(); };
  asio::post(pool, std::move(run));
  return deferred;
}

// Calls function(args...) in the event loop and waits for what it returns or, if that is a Deferred, for its result.
//
// Throws what the function throws, or the Deferred's failure; std::logic_error in the loop's thread, which would wait
// for itself; ReactorNotRunning if the reactor has stopped; AbandonedError if it stops or is destroyed before the end.
// Threads: any but the loop's. The function and the arguments are destroyed in the loop.
template <class F, class... Args>
auto blocking_call_from_thread(Reactor& reactor, F&& function, Args&&... args) {
  using T = internal::ThreadValue<F, Args...>;
  if (reactor.is_in_reactor_thread()) {
    throw std::logic_error("blocking_call_from_thread() in the reactor's own thread would wait for itself");
  }
  std::promise<Result<T>> done;
  std::future<Result<T>> result = done.get_future();
  // Kept to the end of the Deferred: the function may be a coroutine, with captures that it uses.
  auto bound = internal::bind(std::forward<F>(function), std::forward<Args>(args)...);
  auto kept = std::make_unique<decltype(bound)>(std::move(bound));
  auto call = internal::make_call([done = std::move(done), kept = std::move(kept)]() mutable {
    auto& called = *kept;
    Deferred<T> deferred = internal::Access::make(internal::call<T>(called));
    auto tell = [done = std::move(done), kept = std::move(kept)](Result<T>&& outcome) mutable {
      done.set_value(std::move(outcome));
    };
    static_cast<void>(std::move(deferred).add_both(std::move(tell)));
  });
  const bool is_posted = internal::ReactorThreads::post(reactor, call);
  call.reset();
  if (!is_posted) throw ReactorNotRunning("blocking_call_from_thread() after Reactor::stop()");
  const auto wait = [&]() -> Result<T> {
    try {
      return result.get();
    } catch (const std::future_error&) {  // the function was dropped
      throw AbandonedError();
    }
  };
  return wait().value();
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_THREADS_H_
