// SPDX-License-Identifier: Apache-2.0
//
// A connected socket, with or without TLS, behind one type.
//
//   net::Stream stream(std::move(socket), nullptr);
//   const auto [error, size] = co_await stream.read_some(asio::buffer(buffer));
#ifndef PROMETHEUS_ASYNC_AIO_NET_STREAM_H_
#define PROMETHEUS_ASYNC_AIO_NET_STREAM_H_

#include <array>
#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/functional/any_invocable.h"
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>

#include "aio/net/address.h"
#include "aio/net/handler_memory.h"
#include "aio/net/socket.h"

namespace boost::asio::ssl {
class context;
template <typename NextLayer>
class stream;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// Whether a handshake has failed since the peer speaks HTTP without TLS; of GET, HEAD, POST and PUT OpenSSL knows it.
bool is_plain_http(const boost::system::error_code& error);

// The server's end of a connection. Operations report errors by value, since a peer that goes away is no exception.
//
// At most one operation at a time, but that one read and one write go together, on the socket's executor. A cancelled
// operation (cancel() or the coroutine's own cancellation) ends with operation_aborted and leaves the stream usable.
class Stream {
 public:
  using Result = std::tuple<boost::system::error_code, std::size_t>;
  using ReadHandler = absl::AnyInvocable<void(Result)>;
  // Head, body and end of a message; each may be empty.
  using ConstBuffers = std::array<asio::const_buffer, 3>;

  // Plain if `tls` is null. `tls` need not outlive the call.
  Stream(Socket socket, asio::ssl::context* tls);
  ~Stream();

  // Before anything else if is_tls(); otherwise does nothing.
  asio::awaitable<boost::system::error_code> handshake();
  // Goes on without TLS, for a word to a peer that does not speak it. What that has sent is lost in part.
  //
  // REQUIRES: handshake() has failed.
  void give_up_tls();
  // At least one byte, or an error. An asynchronous operation that costs neither a coroutine frame nor memory.
  auto read_some(asio::mutable_buffer buffer) {
    return asio::async_initiate<const asio::deferred_t, void(Result)>(
        [](auto handler, Stream* self, asio::mutable_buffer room) {
          const asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
          self->read_some(room, std::move(handler), slot);
        },
        asio::deferred, this, buffer);
  }
  // The same, begun at once. `handler` is called in a later turn of the loop; *this lives until then.
  void read_some(asio::mutable_buffer buffer, ReadHandler handler, asio::cancellation_slot slot = {});
  // Some of it, 256 KiB at most, so that others on the thread have their turns.
  asio::awaitable<Result> write_some(ConstBuffers buffers);
  // The same without waiting: would_block if nothing. Always nothing with TLS.
  Result write_now(ConstBuffers buffers);
  // Says that nothing more will be written: TLS's close_notify, which waits for the peer's, and the FIN. The error is
  // operation_aborted or none: many a peer closes without a word.
  asio::awaitable<boost::system::error_code> finish();
  // Reads and drops bytes below TLS, for use after finish(): so the answer reaches a peer that is still sending.
  asio::awaitable<Result> discard_some(asio::mutable_buffer buffer);

  // Ends the operations that are under way.
  void cancel();
  // Closes at once; the peer sees a reset.
  void reset();

  Socket::executor_type get_executor() { return socket_.get_executor(); }
  bool is_tls() const { return tls_ != nullptr; }
  const Address& peer() const { return peer_; }

 private:
  HandlerMemory read_memory_;
  Socket socket_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
  Address peer_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_STREAM_H_
