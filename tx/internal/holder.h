// SPDX-License-Identifier: Apache-2.0
//
// What a Deferred holds: its result, or the chain in which the result will be; and how the step of a chain hands on
// what it made.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_HOLDER_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_HOLDER_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/chain.h"
#include "tx/result.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx {

template <class T>
class Deferred;

namespace internal {

[[noreturn]] void throw_moved_from(const char* operation);
// The result of a callback that returned a Deferred which was moved away before.
std::exception_ptr returned_moved_from_error();

template <class T>
inline constexpr bool is_deferred = false;
template <class T>
inline constexpr bool is_deferred<Deferred<T>> = true;

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

// What a Deferred may be of.
template <class T>
constexpr bool check_value_type() {
  if constexpr (!std::is_void_v<T>) {
    static_assert(!std::is_reference_v<T>,
                  "prometheus_async: a Deferred owns its value, so it cannot be of a reference: use a pointer");
    static_assert(std::is_object_v<T> && !std::is_array_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                  "prometheus_async: a Deferred is of void or of an object type without const");
    static_assert(!is_deferred<T> && !is_result<T> && !std::is_same_v<T, Failure>,
                  "prometheus_async: a Deferred of a Deferred, a Result or a Failure is a Deferred of what is in it");
    static_assert(std::is_nothrow_move_constructible_v<T>,
                  "prometheus_async: a Deferred moves its value along, so the move must not throw: keep it in a "
                  "std::unique_ptr");
  }
  return true;
}

template <class T>
class Holder {
 public:
  static_assert(check_value_type<T>());
  using Value = Stored<T>;

  Holder() noexcept {}
  Holder(Holder&& other) noexcept { move_from(other); }
  Holder& operator=(Holder&& other) noexcept {
    if (this != &other) {
      if (!is_empty()) drop();
      move_from(other);
    }
    return *this;
  }
  ~Holder() {
    if (!is_empty()) drop();
  }

  template <class V>
  static Holder with_value(V&& value) {
    Holder holder;
    ::new (static_cast<void*>(std::addressof(holder.value_))) Value(std::forward<V>(value));
    holder.kind_ = Kind::kValue;
    return holder;
  }
  static Holder with_failure(std::exception_ptr exception) noexcept {
    Holder holder;
    holder.put_failure(std::move(exception));
    return holder;
  }
  template <class U>
  static Holder with_result(Result<U>&& result) {
    if (!result.has_value()) return with_failure(std::move(result).failure().value());
    if constexpr (std::is_void_v<T>) {
      return with_value(Value());
    } else {
      return with_value(*std::move(result));
    }
  }
  // Takes over the consumer's reference.
  static Holder with_chain(Chain* chain) noexcept {
    Holder holder;
    holder.chain_ = chain;
    holder.kind_ = Kind::kChain;
    return holder;
  }

  bool is_empty() const noexcept { return kind_ == Kind::kNone; }
  bool is_failure() const noexcept { return kind_ == Kind::kFailure; }
  bool is_chain() const noexcept { return kind_ == Kind::kChain; }

  void require(const char* operation) const {
    if (is_empty()) throw_moved_from(operation);
  }

  // --- With a result. Each leaves it empty.
  Value take_value() noexcept {
    const Emptied emptied{*this};
    return std::move(value_);
  }
  std::exception_ptr take_failure() noexcept {
    std::exception_ptr exception = std::move(failure_);
    failure_.~exception_ptr();
    kind_ = Kind::kNone;
    return exception;
  }
  Result<T> take_result() {
    if (is_failure()) return Failure(take_failure());
    if constexpr (std::is_void_v<T>) {
      kind_ = Kind::kNone;
      return {};
    } else {
      return take_value();
    }
  }
  const std::exception_ptr& failure() const noexcept { return failure_; }

  // --- With a chain. Always a root: one that was spliced has given its consumer's reference away.
  Chain* chain() const noexcept {
    chain_->check_thread();
    return chain_;
  }
  // Gives the consumer's reference away, and leaves it empty.
  Chain* release_chain() noexcept {
    kind_ = Kind::kNone;
    return chain_;
  }

  // Takes the result out of the chain, if it is there.
  void settle() noexcept {
    if (!is_chain() || !chain()->is_settled()) return;
    Chain* const done = release_chain();
    take_from(done);
    done->unref();
  }
  // Settles, and says whether there is a result here now. Not if others hold the chain: whoever may cancel it should
  // reach what it does next.
  bool is_ready() noexcept {
    if (is_chain() && !chain_->is_shared()) settle();
    return !is_chain();
  }
  // Moves the result out of `done`, which has one. REQUIRES: empty.
  void take_from(Chain* done) noexcept {
    if (done->state() == Chain::State::kFailure) {
      put_failure(done->take_failure());
    } else {
      ::new (static_cast<void*>(std::addressof(value_))) Value(done->take<Value>());
      kind_ = Kind::kValue;
    }
  }
  // A chain around the result.
  void make_chain() {
    if (is_chain()) return;
    Chain* const made = Chain::make(std::source_location::current());
    if (is_failure()) {
      made->put_failure(take_failure());
    } else {
      made->put(take_value());
    }
    made->ref();
    made->fire();
    *this = with_chain(made);
  }

 private:
  enum class Kind : std::uint8_t { kNone, kValue, kFailure, kChain };

  struct Emptied {
    Holder& holder;
    ~Emptied() {
      holder.value_.~Value();
      holder.kind_ = Kind::kNone;
    }
  };

  void put_failure(std::exception_ptr&& exception) noexcept {
    ::new (static_cast<void*>(std::addressof(failure_))) std::exception_ptr(std::move(exception));
    kind_ = Kind::kFailure;
  }

  void move_from(Holder& other) noexcept {
    switch (other.kind_) {
      case Kind::kNone: return;
      case Kind::kValue:
        ::new (static_cast<void*>(std::addressof(value_))) Value(std::move(other.value_));
        other.value_.~Value();
        break;
      case Kind::kFailure:
        ::new (static_cast<void*>(std::addressof(failure_))) std::exception_ptr(std::move(other.failure_));
        other.failure_.~exception_ptr();
        break;
      case Kind::kChain: chain_ = other.chain_; break;
    }
    kind_ = std::exchange(other.kind_, Kind::kNone);
  }

  // REQUIRES: not empty.
  void drop() noexcept {
    if (kind_ == Kind::kValue) {
      value_.~Value();
      kind_ = Kind::kNone;
    } else if (kind_ == Kind::kChain) {
      chain()->drop_consumer();
      kind_ = Kind::kNone;
    } else {
      report_unhandled_failure(Failure(take_failure()));
    }
  }

  union {
    Value value_;
    std::exception_ptr failure_;
    Chain* chain_;
  };
  Kind kind_ = Kind::kNone;
};

// The way into a Deferred.
struct Access {
  template <class T>
  static Holder<T>& holder(Deferred<T>& deferred) noexcept {
    return deferred.holder_;
  }
  template <class T>
  static Holder<T> take(Deferred<T>&& deferred) noexcept {
    return std::move(deferred.holder_);
  }
  template <class T>
  static Deferred<T> make(Holder<T>&& holder) noexcept {
    return Deferred<T>(std::move(holder));
  }
};

// A step's outcome becomes the chain's result, or the chain waits for it.
template <class T>
Next deliver(Chain* chain, Holder<T>&& outcome) noexcept {
  Chain* const root = chain->root();
  if (!outcome.is_chain()) {
    if (outcome.is_failure()) {
      root->put_failure(outcome.take_failure());
    } else {
      try {
        root->put(outcome.take_value());
      } catch (...) {  // no memory for a large one
        root->put_failure(std::current_exception());
      }
    }
    return {};
  }
  outcome.chain();
  Chain* const inner = outcome.release_chain();
  if (inner != root && inner->is_settled()) {
    Chain::move_result(root, inner);
    inner->unref();
    return {};
  }
  return Chain::splice(root, inner);
}

}  // namespace internal
}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_HOLDER_H_
