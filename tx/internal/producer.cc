// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/producer.h"

#include <string>

#include "tx/errors.h"
#include "tx/internal/holder.h"

namespace prometheus_async::tx::internal {
namespace {

std::exception_ptr abandoned_error() noexcept {
  static const std::exception_ptr error = std::make_exception_ptr(AbandonedError());
  return error;
}

}  // namespace

Chain* Producer::begin_firing_with_care(const std::source_location& at) {
  if (chain_ == nullptr) {
    if (is_fired_) throw_already_called(false);
    throw_moved_from("firing");
  }
  chain_->check_thread();
  is_fired_ = true;
  Chain* const chain = std::exchange(chain_, nullptr);
  Chain* const root = chain->live_root(epoch_);
  if (root != nullptr) root->ref();
  chain->unref();
  if (root == nullptr) {
    if (has_canceller_ || is_borrowed_) throw_already_called(true);
    return nullptr;
  }
  if (debug_ && !debug_->is_called) {
    debug_->invoker = at;
    debug_->is_called = true;
  }
  return root;
}

bool Producer::called() const {
  if (chain_ != nullptr) return chain_->live_root(epoch_) == nullptr;
  if (!is_fired_) throw_moved_from("called()");
  return true;
}

Chain* Producer::chain_to_cancel() {
  if (chain_ == nullptr) {
    if (!is_fired_) throw_moved_from("on_cancel()");
    return nullptr;
  }
  chain_->check_thread();
  has_canceller_ = true;
  return chain_->live_root(epoch_);
}

void Producer::end() noexcept {
  if (Chain* const chain = std::exchange(chain_, nullptr)) {
    if (!is_borrowed_) {
      chain->check_thread();
      Chain* const root = chain->live_root(epoch_);
      if (root != nullptr && consumer_ == nullptr) {
        root->ref();
        chain->unref();
        if (root->give_up_unseen()) return;
        root->put_failure(abandoned_error());
        root->fire();
        return;
      }
    }
    chain->unref();
  }
  // Nobody ever had the Deferred. A failure that was fired into it is one that nobody handles.
  if (consumer_ != nullptr) consumer_->drop_consumer();
}

void Producer::throw_already_called(bool was_cancelled) const {
  std::string what = was_cancelled ? "prometheus_async: a Promise fired after its Deferred was cancelled"
                                   : "prometheus_async: a Promise fired twice";
  if (debug_) what += " (" + describe(*debug_) + ")";
  throw AlreadyCalledError(what);
}

}  // namespace prometheus_async::tx::internal
