// SPDX-License-Identifier: Apache-2.0
//
// A server's TLS: certificate, key and client policy out of files or text, read again when the files change, so that a
// renewed certificate needs no restart. The options are those of a Prometheus exporter's web configuration.
//
//   net::TlsCredentials tls({.cert_file = "server.pem", .key_file = "server.key"});
//   co_await servers.listen("::", 8443, {}, tls.provider());
#ifndef PROMETHEUS_ASYNC_AIO_NET_TLS_H_
#define PROMETHEUS_ASYNC_AIO_NET_TLS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aio/net/reloading.h"
#include "aio/net/tls_provider.h"

namespace prometheus_async::aio::net {

// What a client has to show. Go's names, and what they mean there.
enum class ClientAuthType : std::uint8_t {
  // Never asked for a certificate.
  kNoClientCert,
  // Asked; may have none, or any.
  kRequestClientCert,
  // Any certificate, from whomever, but one.
  kRequireAnyClientCert,
  // None, or one that a client CA has signed.
  kVerifyClientCertIfGiven,
  // One that a client CA has signed: the only policy that keeps strangers out.
  kRequireAndVerifyClientCert,
};

enum class TlsVersion : std::uint8_t { kTls10, kTls11, kTls12, kTls13 };

// Certificates and keys are PEM, in a file or as text; the file counts if both are given. Empty: not given.
struct TlsOptions {
  // The server's own, its intermediates after it.
  std::string cert_file = {};
  std::string cert = {};
  // The key of the first certificate; not encrypted.
  std::string key_file = {};
  std::string key = {};
  // Who signs clients' certificates. The two policies that verify need it, kNoClientCert must not have it.
  std::string client_ca_file = {};
  std::string client_ca = {};
  ClientAuthType client_auth_type = ClientAuthType::kNoClientCert;
  // If any, a client's certificate has one of them, to the letter, as a DNS name, email, IP address or URI among its
  // subject alternative names. Needs a policy that requires a certificate.
  std::vector<std::string> client_allowed_sans = {};
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  // By their IANA names, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256". Those of TLS 1.3 have no effect, as in Go: its suites
  // are all good. Empty: OpenSSL's own.
  std::vector<std::string> cipher_suites = {};
  // By OpenSSL's names, "X25519", "P-256". Empty: OpenSSL's own.
  std::vector<std::string> curve_preferences = {};
  // Whose order of suites counts: the server's, or the client's.
  bool prefer_server_cipher_suites = true;

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

// Throws std::invalid_argument that names the option and the rule. Reads no file.
void validate(const TlsOptions& options);

// Whether OpenSSL has a suite of that IANA name that authenticates and encrypts.
bool is_cipher_suite(std::string_view iana_name);

// The contexts of a server's connections. They speak http/1.1 by ALPN, resume sessions by tickets, which a reload makes
// void, and know neither renegotiation nor compression. Versions below 1.2 take OpenSSL's security level 0.
//
// A reload is for new connections; those that there are live on with what they were made with. Files that cannot be
// used leave the last good ones in place, which the log says once and state() until it is over.
//
// Threads: any. Cost: a stat() of each file once a second, when a connection comes; some milliseconds for a reload.
class TlsCredentials {
 public:
  // Reads the files. Throws std::invalid_argument: validate()'s, or with the option, the file and what the system or
  // OpenSSL has to say.
  explicit TlsCredentials(TlsOptions options, ReloadOptions reload = {});

  const TlsOptions& options() const { return state_->options; }
  std::shared_ptr<asio::ssl::context> current() const { return state_->contexts.current(); }
  ReloadState state() const { return state_->contexts.state(); }

  // Gives current(), and outlives *this.
  TlsProvider provider() const;

 private:
  struct State {
    TlsOptions options;
    Reloading<asio::ssl::context> contexts;
  };
  static std::shared_ptr<State> make_state(TlsOptions options, ReloadOptions reload);

  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_TLS_H_
