// SPDX-License-Identifier: Apache-2.0
//
// Who is told what became of each request of a server, and of its connections: its access log, its own metrics.
//
//   class Failures final : public net::HttpObserver {
//    public:
//     explicit Failures(metrics::Counter& failures) : failures_(failures) {}
//     void on_answered(const net::HttpOutcome& outcome) noexcept override {
//       if (outcome.status && outcome.status->code() >= 500) failures_.Increment();
//     }
//
//    private:
//     metrics::Counter& failures_;
//   };
//   net::HttpOptions options{.observers = {std::make_shared<Failures>(failures)}};
#ifndef PROMETHEUS_ASYNC_AIO_NET_HTTP_OBSERVER_H_
#define PROMETHEUS_ASYNC_AIO_NET_HTTP_OBSERVER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "aio/http/request_parser.h"
#include "aio/http/status.h"
#include "aio/net/address.h"

namespace prometheus_async::aio::net {

// One request and its answer, when both are over. Refers to what the connection has: valid during the call.
struct HttpOutcome {
  const Address& peer;
  // Null of what never became a request: malformed, too large, or too slow with its head.
  const http::RequestHead* request = nullptr;
  // None if no answer was made: the client left before, or the server stopped.
  std::optional<http::Status> status = {};
  // The answer's status line and fields as they were made, up to the empty line; empty unless wants_heads().
  std::string_view head = {};
  // With the head and what chunks add. What the system has taken: it may be on its way yet.
  std::uint64_t bytes_sent = 0;
  // When the request's head was there, or was refused.
  std::chrono::steady_clock::time_point began = {};
  // The system has taken the whole answer.
  bool is_complete = false;
  // The client has gone, or has let a deadline pass.
  bool is_lost = false;
};

// Why a connection ended before it had asked anything.
enum class HttpRejection : std::uint8_t {
  kHandshake,     // no TLS came of it: nothing in common, no certificate that is good, or the client left
  kTimeout,       // the handshake, or the first byte, took too long
  kNoDescriptor,  // turned away unheard, since the process was out of descriptors
};

// Threads: each that the server has; several calls at a time.
class HttpObserver {
 public:
  virtual ~HttpObserver() = default;

  // Once for each request, and for each that is refused. A connection that is dropped with its io_context tells of the
  // request that it was at, too.
  virtual void on_answered(const HttpOutcome& outcome) noexcept = 0;

  // A connection is there, and is gone, with its io_context too.
  virtual void on_opened() noexcept {}
  virtual void on_closed() noexcept {}
  // Within these two, or for kNoDescriptor without them.
  virtual void on_rejected(HttpRejection) noexcept {}

  // Whether HttpOutcome::head is looked at, which costs a copy of it.
  virtual bool wants_heads() const noexcept { return false; }
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_HTTP_OBSERVER_H_
