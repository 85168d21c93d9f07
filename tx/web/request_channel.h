// SPDX-License-Identifier: Apache-2.0
//
// Carries what a Request is given to the client, and the client's leaving to the Request.
//
//   RequestChannel channel(exchange, request);
//   co_await channel.send(render_request(root, *request));
#ifndef PROMETHEUS_ASYNC_TX_WEB_REQUEST_CHANNEL_H_
#define PROMETHEUS_ASYNC_TX_WEB_REQUEST_CHANNEL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "aio/net/http_connection.h"
#include "tx/failure.h"
#include "tx/web/body.h"
#include "tx/web/request.h"

namespace prometheus_async::tx::web {

class RequestChannel {
 public:
  // Both live as long as the channel.
  RequestChannel(net::HttpExchange& exchange, const std::shared_ptr<Request>& request)
      : exchange_(exchange), request_(*request) {}

  RequestChannel(const RequestChannel&) = delete;
  RequestChannel& operator=(const RequestChannel&) = delete;
  ~RequestChannel();

  // Answers with `body`, which outlives the result, or with what is written until finish(). Returns when the answer is
  // with the system, or the connection is over; the request knows by then. A malformed header field makes a 500 of the
  // answer, and a wrong Content-Length cuts it off. Throws nothing but its cancellation.
  asio::awaitable<void> send(const Body& body);

  // Bytes of the body that were sent; none for HEAD and the like.
  std::uint64_t sent_bytes() const { return sent_bytes_; }

 private:
  asio::awaitable<void> send_in_pieces();
  void add_to_written(std::string_view bytes);
  void set_default_content_type();
  std::optional<std::uint64_t> declared_length() const;
  // The body of the answer reaches the client: not that to HEAD, nor that of 204.
  bool shows_body() const;
  void complete();
  void fail(const Failure& failure);
  void lose(const Failure& reason);
  void keep_head();

  net::HttpExchange& exchange_;
  Request& request_;
  std::uint64_t sent_bytes_ = 0;
  bool is_complete_ = false;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_REQUEST_CHANNEL_H_
