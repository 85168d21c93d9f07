// SPDX-License-Identifier: Apache-2.0
//
// Gathers what the observers of a server are told of a connection, one request after the other. Costs nothing without
// any.
//
//   HttpObservation observation(options.observers);  // as long as the connection
//   observation.begin();
//   observation.note(200, "HTTP/1.1 200 OK\r\n\r\n");
//   observation.end({.peer = peer, .request = &head, .bytes_sent = 19, .is_complete = true});
#ifndef PROMETHEUS_ASYNC_AIO_NET_HTTP_OBSERVATION_H_
#define PROMETHEUS_ASYNC_AIO_NET_HTTP_OBSERVATION_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aio/http/status.h"
#include "aio/net/http_observer.h"

namespace prometheus_async::aio::net {

class HttpObservation {
 public:
  // `observers` outlives it.
  explicit HttpObservation(const std::vector<std::shared_ptr<HttpObserver>>& observers) : observers_(observers) {
    for (const auto& observer : observers_) observer->on_opened();
  }
  ~HttpObservation() {
    for (const auto& observer : observers_) observer->on_closed();
  }

  HttpObservation(const HttpObservation&) = delete;
  HttpObservation& operator=(const HttpObservation&) = delete;

  void reject(HttpRejection reason) const {
    for (const auto& observer : observers_) observer->on_rejected(reason);
  }

  // A request is there, or was refused.
  void begin() {
    if (!observers_.empty()) began_ = std::chrono::steady_clock::now();
  }

  // An answer has begun, with this head.
  void note(http::Status status, std::string_view head) {
    if (observers_.empty()) return;
    status_ = status;
    for (const auto& observer : observers_) {
      if (!observer->wants_heads()) continue;
      head_ = head;
      return;
    }
  }

  // Both are over: tells of `outcome`, to which it adds when it began, the status and the head.
  void end(HttpOutcome outcome) {
    if (observers_.empty()) return;
    outcome.began = began_;
    outcome.status = status_;
    outcome.head = head_;
    for (const auto& observer : observers_) observer->on_answered(outcome);
    status_.reset();
    head_.clear();
  }

 private:
  const std::vector<std::shared_ptr<HttpObserver>>& observers_;
  std::chrono::steady_clock::time_point began_;
  std::optional<http::Status> status_;
  std::string head_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_HTTP_OBSERVATION_H_
