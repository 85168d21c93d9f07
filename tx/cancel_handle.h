// SPDX-License-Identifier: Apache-2.0
//
// Cancels a Deferred that was moved away since: into a coroutine, another's callback, a list.
//
//   tx::CancelHandle handle = d.cancel_handle();
//   request.notify_finish().add_errback([handle](tx::Failure&&) { handle.cancel(); });
//   return render(std::move(d));
#ifndef PROMETHEUS_ASYNC_TX_CANCEL_HANDLE_H_
#define PROMETHEUS_ASYNC_TX_CANCEL_HANDLE_H_

#include <utility>

#include "tx/internal/chain.h"

namespace prometheus_async::tx {

// Copyable; empty by default. Reaches the Deferred as it was when the handle was made, with the callbacks that were
// added to it since, until their last has run.
//
// Threads: the Deferred's. Lifetime: keeps the block of the Deferred, about 320 bytes, but neither its result nor its
// callbacks.
class CancelHandle {
 public:
  CancelHandle() noexcept = default;
  explicit CancelHandle(internal::Chain* chain) noexcept : chain_(chain) { chain_->ref(); }
  CancelHandle(const CancelHandle& other) noexcept : chain_(other.chain_) {
    if (chain_ != nullptr) chain_->ref();
  }
  CancelHandle(CancelHandle&& other) noexcept : chain_(std::exchange(other.chain_, nullptr)) {}
  CancelHandle& operator=(CancelHandle other) noexcept {
    std::swap(chain_, other.chain_);
    return *this;
  }
  ~CancelHandle() {
    if (chain_ != nullptr) chain_->unref();
  }

  // As Deferred::cancel(). Nothing, if it is over or the handle is empty.
  void cancel() const {
    if (chain_ == nullptr) return;
    chain_->check_thread();
    if (!chain_->is_over()) chain_->root()->cancel();
  }

 private:
  internal::Chain* chain_ = nullptr;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_CANCEL_HANDLE_H_
