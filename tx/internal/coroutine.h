// SPDX-License-Identifier: Apache-2.0
//
// What makes a Deferred awaitable, and a function that returns one a coroutine.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_COROUTINE_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_COROUTINE_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "tx/failure.h"
#include "tx/internal/chain.h"
#include "tx/internal/holder.h"
#include "tx/internal/recycler.h"
#include "tx/result.h"

namespace prometheus_async::tx {

template <class T>
class Deferred;
template <class T>
struct AsResult;

namespace internal {

// The chain of a coroutine, in its frame. The frame is freed when the coroutine has ended and its result was taken.
class Frame : public Chain {
 public:
  // The chain that the coroutine awaits now, or null while it runs.
  void await(Chain* awaited) noexcept {
    canceller_.awaited = awaited;
    has_waited_ = true;
  }

 protected:
  explicit Frame(Dispose dispose) : Chain(dispose, room_, sizeof room_, std::source_location::current()) {
    set_canceller(&canceller_);
  }
  void finish() noexcept {
    if (has_waited_) {
      finish_frame();
    } else {
      finish_at_once();
    }
  }

 private:
  Canceller canceller_{nullptr};
  bool has_waited_ = false;
  alignas(void*) std::byte room_[96];
};

// Itself a step in the chain that is awaited: it allocates nothing, and sets nothing up where there is nothing to wait
// for.
template <class T, bool kAsResult>
class [[nodiscard]] Awaiter {
 public:
  // `holder` outlives it.
  explicit Awaiter(Holder<T>& holder) noexcept : holder_(holder) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  ~Awaiter() {
    // It has a chain to the end only if its coroutine is destroyed while it waits.
    if (holder_.is_chain()) holder_.chain()->remove(&step_);
  }

  bool await_ready() {
    holder_.require("co_await");
    holder_.settle();
    return !holder_.is_chain();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    Frame* frame = nullptr;
    if constexpr (std::derived_from<Promise, Frame>) {
      frame = &awaiting.promise();
      frame->await(holder_.chain());
    }
    holder_.chain()->append(::new (static_cast<void*>(&step_)) Step(*this, awaiting, frame));
  }
  auto await_resume() {
    if constexpr (kAsResult) {
      return holder_.take_result();
    } else {
      if (holder_.is_failure()) [[unlikely]]
        std::rethrow_exception(holder_.take_failure());
      if constexpr (!std::is_void_v<T>) {
        return holder_.take_value();
      } else {
        holder_.take_value();
      }
    }
  }

 private:
  struct Step : Node {
    Step(Awaiter& awaiter_of, std::coroutine_handle<> awaiting_coroutine, Frame* its_frame) noexcept
        : Node(&kOps), awaiter(awaiter_of), awaiting(awaiting_coroutine), frame(its_frame) {}

    static Next run(Node* node, Chain*) noexcept {
      Step* const self = static_cast<Step*>(node);
      if (self->frame != nullptr) self->frame->await(nullptr);
      Holder<T>& holder = self->awaiter.holder_;
      Chain* const done = holder.release_chain();
      holder.take_from(done);
      done->unref();
      return {Next::kResume, self->awaiting, self->frame};
    }
    static constexpr Ops kOps{&run, 0};

    Awaiter& awaiter;
    std::coroutine_handle<> awaiting;
    Frame* frame;
  };

  Holder<T>& holder_;
  union {
    Step step_;  // while it waits
  };
};

// The promise type.
template <class T>
class CoroutineBase : public Frame {
 public:
  static void* operator new(std::size_t size) { return Recycler::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { Recycler::free(memory, size); }

  Deferred<T> get_return_object() noexcept {
    ref();
    return Access::make(Holder<T>::with_chain(this));
  }
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_always final_suspend() noexcept {
    finish();
    return {};
  }
  void unhandled_exception() noexcept {
    root()->drop_result();  // of a co_return, if a local's destructor threw after it
    root()->put_failure(std::current_exception());
  }

  template <class U>
  Awaiter<U, false> await_transform(Deferred<U>&& deferred) noexcept {
    return Awaiter<U, false>(Access::holder(deferred));
  }
  template <class U>
  Awaiter<U, true> await_transform(AsResult<U>&& result) noexcept {
    return Awaiter<U, true>(Access::holder(result.deferred));
  }
  template <class U>
  void await_transform(Deferred<U>&) {
    static_assert(!sizeof(U*),
                  "prometheus_async: a Deferred is awaited once, so it is given away: co_await std::move(d)");
  }
  template <class X>
  void await_transform(X&&) {
    static_assert(!sizeof(X*),
                  "prometheus_async: a coroutine that returns a Deferred awaits Deferreds; tx::from_awaitable "
                  "makes one of an asio::awaitable");
  }

 protected:
  using Frame::Frame;
};

template <class T>
class Coroutine final : public CoroutineBase<T> {
 public:
  Coroutine() : CoroutineBase<T>(&dispose) {}

  template <class V = T>
    requires std::convertible_to<V, T>
  void return_value(V&& value) {
    this->root()->put(T(std::forward<V>(value)));
  }
  void return_value(Result<T> result) {
    if (!result.has_value()) return return_value(std::move(result).failure());
    this->root()->put(*std::move(result));
  }
  void return_value(Failure failure) { this->root()->put_failure(std::move(failure).value()); }

 private:
  static void dispose(Chain* chain) noexcept {
    std::coroutine_handle<Coroutine>::from_promise(*static_cast<Coroutine*>(chain)).destroy();
  }
};

template <>
class Coroutine<void> final : public CoroutineBase<void> {
 public:
  Coroutine() : CoroutineBase<void>(&dispose) {}

  void return_void() { root()->put(Unit()); }

 private:
  static void dispose(Chain* chain) noexcept {
    std::coroutine_handle<Coroutine>::from_promise(*static_cast<Coroutine*>(chain)).destroy();
  }
};

}  // namespace internal

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_COROUTINE_H_
