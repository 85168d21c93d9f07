// SPDX-License-Identifier: Apache-2.0

#include "aio/net/stream.h"

#include <cstddef>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace prometheus_async::aio::net {
namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

// Bytes that are given to the system in one call. It copies all that its buffers hold, several megabytes where the peer
// is near, and others on the thread wait for it (docs/benchmarks.md, "Beside a scrape").
constexpr std::size_t kMostAtOnce = 256 * 1024;

Stream::ConstBuffers front_of(Stream::ConstBuffers buffers) {
  std::size_t left = kMostAtOnce;
  for (asio::const_buffer& buffer : buffers) {
    buffer = asio::buffer(buffer, left);
    left -= buffer.size();
  }
  return buffers;
}

Address peer_of(const Socket& socket) {
  boost::system::error_code ec;
  const Endpoint endpoint = socket.remote_endpoint(ec);
  return ec ? Address() : address_of(endpoint);  // an error: gone already
}

// What Asio calls at the end of a read.
class ReadCompletion {
 public:
  using allocator_type = HandlerAllocator<std::byte>;
  using cancellation_slot_type = asio::cancellation_slot;

  ReadCompletion(HandlerMemory& memory, asio::cancellation_slot slot, Stream::ReadHandler handler)
      : memory_(memory), slot_(slot), handler_(std::move(handler)) {}

  allocator_type get_allocator() const { return allocator_type(memory_); }
  cancellation_slot_type get_cancellation_slot() const { return slot_; }

  void operator()(const boost::system::error_code& error, std::size_t size) { handler_({error, size}); }

 private:
  HandlerMemory& memory_;
  asio::cancellation_slot slot_;
  Stream::ReadHandler handler_;
};

}  // namespace

bool is_plain_http(const boost::system::error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

Stream::Stream(Socket socket, asio::ssl::context* tls) : socket_(std::move(socket)), peer_(peer_of(socket_)) {
  boost::system::error_code ignored;    // of a socket that is closed
  socket_.non_blocking(true, ignored);  // for write_now(); others wait all the same
  if (tls != nullptr) tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *tls);
}

Stream::~Stream() = default;

asio::awaitable<boost::system::error_code> Stream::handshake() {
  if (!tls_) co_return boost::system::error_code();
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAwaitTuple);
  co_return error;
}

void Stream::give_up_tls() { tls_.reset(); }

void Stream::read_some(asio::mutable_buffer buffer, ReadHandler handler, asio::cancellation_slot slot) {
  ReadCompletion completion(read_memory_, slot, std::move(handler));
  if (tls_) {
    tls_->async_read_some(buffer, std::move(completion));
  } else {
    socket_.async_read_some(buffer, std::move(completion));
  }
}

asio::awaitable<Stream::Result> Stream::write_some(ConstBuffers buffers) {
  buffers = front_of(buffers);
  if (tls_) return tls_->async_write_some(buffers, kAwaitTuple);
  return socket_.async_write_some(buffers, kAwaitTuple);
}

Stream::Result Stream::write_now(ConstBuffers buffers) {
  boost::system::error_code error = asio::error::would_block;
  if (tls_) return {error, 0};
  buffers = front_of(buffers);
  const std::size_t size =
      buffers[1].size() + buffers[2].size() == 0
          ? socket_.write_some(asio::const_buffer(buffers[0]), error)  // send() costs less than sendmsg()
          : socket_.write_some(buffers, error);
  return {error, size};
}

asio::awaitable<boost::system::error_code> Stream::finish() {
  boost::system::error_code result;
  if (tls_) {
    const auto [error] = co_await tls_->async_shutdown(kAwaitTuple);
    if (error == asio::error::operation_aborted) result = error;
  }
  boost::system::error_code ignored;  // the peer may have gone
  socket_.shutdown(Socket::shutdown_send, ignored);
  co_return result;
}

asio::awaitable<Stream::Result> Stream::discard_some(asio::mutable_buffer buffer) {
  return socket_.async_read_some(buffer, kAwaitTuple);
}

void Stream::cancel() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Stream::reset() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace prometheus_async::aio::net
