// SPDX-License-Identifier: Apache-2.0
//
// Something of Asio's that is under way, as a Deferred. Cancelling the Deferred asks it to end; the Deferred fires when
// it has, so that nothing that it uses (a buffer, a socket) is let go before.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_ASIO_OPERATION_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_ASIO_OPERATION_H_

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/result.h"

namespace prometheus_async::tx::internal {

namespace asio = boost::asio;

// What a canceller fires to have the Deferred wait on. Nobody ever sees it.
const std::exception_ptr& still_running();

// Owned by the completion handler. If that is destroyed uncalled, the Deferred fails with AbandonedError.
template <class T>
class AsioOperation : public std::enable_shared_from_this<AsioOperation<T>> {
 public:
  // Once.
  Deferred<T> get_deferred() { return wait(); }

  // Where Asio listens for the cancellation.
  asio::cancellation_slot slot() { return signal_.slot(); }
  bool was_cancelled() const { return was_cancelled_; }

  void complete(Result<T> result) {
    if (!promise_) {  // cancelled, and paused since: nobody waits yet
      result_.emplace(std::move(result));
      return;
    }
    Promise<T> promise = *std::exchange(promise_, std::nullopt);
    promise.callback(std::move(result));
  }

 private:
  // The Deferred's way to this. Weak while this has the promise, which the Deferred belongs to; the step that waits on
  // after a cancellation owns this until then.
  struct Link {
    std::weak_ptr<AsioOperation> operation;
    std::shared_ptr<AsioOperation> owned;
  };

  Deferred<T> wait() {
    const auto link = std::make_shared<Link>();
    link->operation = this->weak_from_this();
    promise_.emplace([link](Promise<T>& cancelled) {
      if (const std::shared_ptr<AsioOperation> self = link->operation.lock()) self->cancel(*link, cancelled);
    });
    Deferred<T> deferred = promise_->get_deferred();
    deferred.add_errback([link](Failure&& failure) -> Deferred<T> {
      if (failure.value() != still_running()) return fail<T>(std::move(failure));
      const std::shared_ptr<AsioOperation> self = std::exchange(link->owned, nullptr);
      Deferred<T> again = self->wait();
      if (self->result_) self->complete(*std::exchange(self->result_, std::nullopt));
      return again;
    });
    return deferred;
  }

  void cancel(Link& link, Promise<T>& cancelled) {
    was_cancelled_ = true;
    signal_.emit(asio::cancellation_type::terminal);
    if (cancelled.called()) return;
    link.owned = this->shared_from_this();
    cancelled.errback(Failure(still_running()));
    if (link.owned) promise_.reset();
  }

  std::optional<Promise<T>> promise_;  // empty: fired, or the step after a cancellation has not run
  std::optional<Result<T>> result_;
  asio::cancellation_signal signal_;
  bool was_cancelled_ = false;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_ASIO_OPERATION_H_
