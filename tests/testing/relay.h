// SPDX-License-Identifier: Apache-2.0
//
// TLS, or a unix socket, in front of a plain server of the test: bytes go through as they are, so a ScriptedHttpServer
// is as wrong, slow or silent behind one as without.
//
//     testing::ScriptedHttpServer server(context);
//     testing::TlsRelay relay(context, server.port(), {.identity = testing::make_certificate({}, &ca)});
//     ... request relay.url() ...
//     EXPECT_EQ(relay.handshakes().at(0).server_name, "consul.example");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_RELAY_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_RELAY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/testing/certificates.h"

namespace prometheus_async::testing {

struct TlsRelayOptions {
  Identity identity = {};
  std::string client_authority = {};  // PEM; clients must have a certificate of it. Empty: they are not asked
};

struct Handshake {
  std::string server_name;  // SNI; empty if the client sent none
  std::string protocol;  // ALPN, of "h2" and "http/1.1", which are offered in this order; empty if the client has none
  std::string client;    // common name of its certificate; empty if it sent none
};

// On the test's io_context. Lifetime: destroyed before the io_context; its connections close with it.
class TlsRelay {
 public:
  TlsRelay(boost::asio::io_context& context, std::uint16_t backend, const TlsRelayOptions& options);
  TlsRelay(const TlsRelay&) = delete;
  TlsRelay& operator=(const TlsRelay&) = delete;
  ~TlsRelay();

  std::uint16_t port() const;
  std::string url(const std::string& host = "127.0.0.1") const;

  const std::vector<Handshake>& handshakes() const;  // that came to their end, in order
  std::size_t failed_handshakes() const;
  std::size_t open_connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

class UnixRelay {
 public:
  UnixRelay(boost::asio::io_context& context, std::uint16_t backend, const std::string& path);
  UnixRelay(const UnixRelay&) = delete;
  UnixRelay& operator=(const UnixRelay&) = delete;
  ~UnixRelay();

  std::size_t connections() const;  // accepted up to now

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_RELAY_H_
