// SPDX-License-Identifier: Apache-2.0

#include "tx/deferred_semaphore.h"

#include <stdexcept>
#include <string>

#include "tx/promise.h"

namespace prometheus_async::tx {

namespace internal {

void Tokens::give_back(const std::shared_ptr<Tokens>& tokens) noexcept {
  ++tokens->free;
  if (tokens->is_handing_out) return;  // the loop below, further up the stack, sees it
  tokens->is_handing_out = true;
  while (tokens->free > 0 && !tokens->waiters.empty()) {
    --tokens->free;
    tokens->waiters.take_first().callback(Permit(tokens));
  }
  tokens->is_handing_out = false;
}

}  // namespace internal

void Permit::release() {
  if (tokens_ == nullptr) {
    throw std::logic_error("prometheus_async: a permit was released twice, or after it was moved away");
  }
  give_back();
}

DeferredSemaphore::DeferredSemaphore(int tokens) {
  if (tokens < 1) {
    throw std::invalid_argument("prometheus_async: a DeferredSemaphore has at least 1 token, not " +
                                std::to_string(tokens));
  }
  tokens_ = std::make_shared<internal::Tokens>(tokens);
}

Deferred<Permit> DeferredSemaphore::acquire() {
  if (tokens_->free == 0 || !tokens_->waiters.empty()) return tokens_->waiters.add();
  --tokens_->free;
  return succeed(Permit(tokens_));
}

}  // namespace prometheus_async::tx
