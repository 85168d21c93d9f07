// SPDX-License-Identifier: Apache-2.0
//
// What all promises have in common, whatever their type: the right to fire a chain once.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_PRODUCER_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_PRODUCER_H_

#include <cstdint>
#include <memory>
#include <source_location>
#include <utility>

#include "tx/internal/chain.h"
#include "tx/internal/holder.h"

namespace prometheus_async::tx::internal {

// Move-only. Destroyed before it fired, it fires AbandonedError.
class Producer {
 public:
  explicit Producer(const std::source_location& at) : chain_(Chain::make(at)), consumer_(chain_) {
    chain_->ref();
    if (chain_->debug()) [[unlikely]]
      debug_ = chain_->debug();
  }
  Producer(Producer&& other) noexcept
      : chain_(std::exchange(other.chain_, nullptr)),
        consumer_(std::exchange(other.consumer_, nullptr)),
        epoch_(other.epoch_),
        has_canceller_(other.has_canceller_),
        is_borrowed_(other.is_borrowed_),
        is_fired_(std::exchange(other.is_fired_, false)),
        debug_(std::move(other.debug_)) {}
  ~Producer() {
    if (chain_ != nullptr || consumer_ != nullptr) end();
  }

  // For a canceller: the one that is being cancelled, without the duty to fire it.
  struct Borrow {};
  Producer(Borrow, Chain* root) noexcept
      : chain_(root), epoch_(root->epoch()), is_borrowed_(true), debug_(root->debug()) {
    chain_->ref();
  }

  // The consumer's reference.
  Chain* give_consumer() {
    if (consumer_ == nullptr) throw_moved_from("a second get_deferred()");
    return std::exchange(consumer_, nullptr);
  }

  // Who fires: the chain to put the result into, referenced; null if the result is to be dropped, because the Deferred
  // was cancelled without a canceller. Throws AlreadyCalledError.
  Chain* begin_firing(const std::source_location& at) {
    if (chain_ == nullptr || !chain_->is_live(epoch_) || debug_) [[unlikely]]
      return begin_firing_with_care(at);
    chain_->check_thread();
    is_fired_ = true;
    return std::exchange(chain_, nullptr);
  }

  bool called() const;
  // The chain to give a canceller to; null if it cannot be cancelled any more.
  Chain* chain_to_cancel();

 private:
  Chain* begin_firing_with_care(const std::source_location& at);
  void end() noexcept;
  [[noreturn]] void throw_already_called(bool was_cancelled) const;

  Chain* chain_;
  Chain* consumer_ = nullptr;  // until get_deferred()
  std::uint32_t epoch_ = 0;
  bool has_canceller_ = false;
  bool is_borrowed_ = false;
  bool is_fired_ = false;
  std::shared_ptr<Chain::DebugInfo> debug_;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_PRODUCER_H_
