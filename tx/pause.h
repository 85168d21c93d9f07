// SPDX-License-Identifier: Apache-2.0
//
// Holds a Deferred's callbacks back for as long as it lives.
//
//   tx::Pause pause = d.pause();
//   promise.callback(1);                                 // nothing runs
//   pause.unpause();                                     // now
#ifndef PROMETHEUS_ASYNC_TX_PAUSE_H_
#define PROMETHEUS_ASYNC_TX_PAUSE_H_

#include <utility>

#include "tx/internal/chain.h"

namespace prometheus_async::tx {

// Move-only. Several may hold one Deferred; it runs when the last is undone. It may have been moved away since, into
// another's callback for one: then that one waits.
//
// Semantics: Twisted's pause() and unpause(), which have to be balanced by hand.
class [[nodiscard]] Pause {
 public:
  explicit Pause(internal::Chain* chain) noexcept : chain_(chain) {
    chain_->ref();
    chain_->pause();
  }
  Pause(Pause&& other) noexcept : chain_(std::exchange(other.chain_, nullptr)) {}
  Pause& operator=(Pause&& other) noexcept {
    if (this != &other) {
      unpause();
      chain_ = std::exchange(other.chain_, nullptr);
    }
    return *this;
  }
  ~Pause() { unpause(); }

  // Lets the callbacks run, before it returns, if there is a result. A second call does nothing.
  void unpause() noexcept {
    if (internal::Chain* const chain = std::exchange(chain_, nullptr)) {
      chain->check_thread();
      chain->unpause();
      chain->unref();
    }
  }

 private:
  internal::Chain* chain_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_PAUSE_H_
