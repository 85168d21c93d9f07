// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/relay.h"

#include <array>
#include <set>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace prometheus_async::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using TlsStream = asio::ssl::stream<tcp::socket>;

// A client's stream and the connection to the server behind.
template <class Stream>
struct Session {
  explicit Session(Stream accepted) : front(std::move(accepted)), back(front.get_executor()) {}

  void close() {
    boost::system::error_code ignored;
    front.lowest_layer().close(ignored);
    back.close(ignored);
  }

  Stream front;
  tcp::socket back;
};

template <class From, class To>
asio::awaitable<void> copy(From& from, To& to) {
  std::array<char, 16384> buffer;
  for (;;) {
    const std::size_t size = co_await from.async_read_some(asio::buffer(buffer), asio::use_awaitable);
    co_await asio::async_write(to, asio::buffer(buffer.data(), size), asio::use_awaitable);
  }
}

template <class Stream>
asio::awaitable<void> forth(std::shared_ptr<Session<Stream>> session) {
  try {
    co_await copy(session->front, session->back);
  } catch (const boost::system::system_error&) {  // either end has closed
  }
  session->close();
}

template <class Stream>
asio::awaitable<void> relay(std::shared_ptr<Session<Stream>> session, std::uint16_t backend) {
  try {
    const tcp::endpoint server(asio::ip::address_v4::loopback(), backend);
    co_await session->back.async_connect(server, asio::use_awaitable);
    const auto executor = session->back.get_executor();
    asio::co_spawn(executor, forth(session), asio::detached);
    co_await copy(session->back, session->front);
  } catch (const boost::system::system_error&) {
  }
  session->close();
}

std::string common_name(X509* certificate) {
  std::array<char, 256> name{};
  if (certificate == nullptr) return "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  return name.data();
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
                    void*) {
  static constexpr unsigned char kOffered[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, size, kOffered, sizeof kOffered - 1, in, in_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Handshake describe(SSL* ssl) {
  Handshake seen;
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) seen.server_name = name;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size != 0) seen.protocol.assign(protocol, protocol + size);
  seen.client = common_name(SSL_get0_peer_certificate(ssl));
  return seen;
}

}  // namespace

struct TlsRelay::State {
  State(asio::io_context& context, std::uint16_t server, const TlsRelayOptions& options)
      : acceptor(context, {asio::ip::address_v4::loopback(), 0}),
        port(acceptor.local_endpoint().port()),
        backend(server),
        tls(asio::ssl::context::tls_server) {
    tls.use_certificate_chain(asio::buffer(options.identity.certificate));
    tls.use_private_key(asio::buffer(options.identity.key), asio::ssl::context::pem);
    SSL_CTX_set_alpn_select_cb(tls.native_handle(), choose_protocol, nullptr);
    if (options.client_authority.empty()) return;
    tls.add_certificate_authority(asio::buffer(options.client_authority));
    tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    SSL_CTX_set_session_id_context(tls.native_handle(), reinterpret_cast<const unsigned char*>("relay"), 5);
  }

  static asio::awaitable<void> accept(std::shared_ptr<State> state);
  static asio::awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket);

  tcp::acceptor acceptor;
  std::uint16_t port;
  std::uint16_t backend;
  asio::ssl::context tls;
  std::set<Session<TlsStream>*> sessions;  // open; owned by serve()
  std::vector<Handshake> handshakes;
  std::size_t failed_handshakes = 0;
};

asio::awaitable<void> TlsRelay::State::accept(std::shared_ptr<State> state) {
  try {
    for (;;) {
      tcp::socket socket = co_await state->acceptor.async_accept(asio::use_awaitable);
      const auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(state, std::move(socket)), asio::detached);
    }
  } catch (const boost::system::system_error&) {  // the relay was destroyed
  }
}

asio::awaitable<void> TlsRelay::State::serve(std::shared_ptr<State> state, tcp::socket socket) {
  const auto session = std::make_shared<Session<TlsStream>>(TlsStream(std::move(socket), state->tls));
  state->sessions.insert(session.get());
  bool shaken = false;
  try {
    co_await session->front.async_handshake(TlsStream::server, asio::use_awaitable);
    shaken = true;
  } catch (const boost::system::system_error&) {
    ++state->failed_handshakes;
  }
  if (shaken) {
    state->handshakes.push_back(describe(session->front.native_handle()));
    co_await relay(session, state->backend);
  }
  session->close();
  state->sessions.erase(session.get());
}

TlsRelay::TlsRelay(asio::io_context& context, std::uint16_t backend, const TlsRelayOptions& options)
    : state_(std::make_shared<State>(context, backend, options)) {
  asio::co_spawn(context, State::accept(state_), asio::detached);
}

TlsRelay::~TlsRelay() {
  state_->acceptor.close();
  for (auto* session : state_->sessions) session->close();
}

std::uint16_t TlsRelay::port() const { return state_->port; }
std::string TlsRelay::url(const std::string& host) const { return "https://" + host + ":" + std::to_string(port()); }
const std::vector<Handshake>& TlsRelay::handshakes() const { return state_->handshakes; }
std::size_t TlsRelay::failed_handshakes() const { return state_->failed_handshakes; }
std::size_t TlsRelay::open_connections() const { return state_->sessions.size(); }

struct UnixRelay::State {
  State(asio::io_context& context, std::uint16_t server, const std::string& path)
      : acceptor(context, stream_protocol::endpoint(path)), backend(server) {}

  static asio::awaitable<void> accept(std::shared_ptr<State> state);
  static asio::awaitable<void> serve(std::shared_ptr<State> state, stream_protocol::socket socket);

  stream_protocol::acceptor acceptor;
  std::uint16_t backend;
  std::set<Session<stream_protocol::socket>*> sessions;
  std::size_t connections = 0;
};

asio::awaitable<void> UnixRelay::State::accept(std::shared_ptr<State> state) {
  try {
    for (;;) {
      stream_protocol::socket socket = co_await state->acceptor.async_accept(asio::use_awaitable);
      ++state->connections;
      const auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(state, std::move(socket)), asio::detached);
    }
  } catch (const boost::system::system_error&) {
  }
}

asio::awaitable<void> UnixRelay::State::serve(std::shared_ptr<State> state, stream_protocol::socket socket) {
  const auto session = std::make_shared<Session<stream_protocol::socket>>(std::move(socket));
  state->sessions.insert(session.get());
  co_await relay(session, state->backend);
  state->sessions.erase(session.get());
}

UnixRelay::UnixRelay(asio::io_context& context, std::uint16_t backend, const std::string& path)
    : state_(std::make_shared<State>(context, backend, path)) {
  asio::co_spawn(context, State::accept(state_), asio::detached);
}

UnixRelay::~UnixRelay() {
  state_->acceptor.close();
  for (auto* session : state_->sessions) session->close();
}

std::size_t UnixRelay::connections() const { return state_->connections; }

}  // namespace prometheus_async::testing
