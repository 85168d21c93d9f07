// SPDX-License-Identifier: Apache-2.0
// Handshakes over a pair of sockets, with clients that have whatever a test gives them.

#include "aio/net/tls.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/testing/certificates.h"
#include "tests/testing/error_of.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::encrypt_key;
using prometheus_async::testing::error_of;
using prometheus_async::testing::Identity;
using prometheus_async::testing::make_certificate;
using prometheus_async::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Socket = asio::local::stream_protocol::socket;

struct ClientOptions {
  const Identity* identity = nullptr;
  int max_version = TLS1_3_VERSION;
  int min_version = 0;
  std::string ciphers = {};
  std::string curves = {};
  // As on the wire: "\x02h2\x08http/1.1".
  std::string alpn = {};
  SSL_SESSION* session = nullptr;
};

// Both ends of a connection, in one thread.
class Connection {
 public:
  Connection(const std::shared_ptr<asio::ssl::context>& server_context, const ClientOptions& options)
      : server_context_(server_context) {
    asio::local::connect_pair(client_.next_layer(), server_.next_layer());
    SSL* const client = client_.native_handle();
    SSL_set_max_proto_version(client, options.max_version);
    if (options.min_version != 0) SSL_set_min_proto_version(client, options.min_version);
    if (options.max_version < TLS1_2_VERSION) SSL_set_security_level(client, 0);
    if (!options.ciphers.empty()) SSL_set_cipher_list(client, options.ciphers.c_str());
    std::string curves = options.curves;
    if (!curves.empty()) SSL_set1_groups_list(client, curves.data());
    if (!options.alpn.empty()) {
      SSL_set_alpn_protos(client, reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    }
    if (options.session != nullptr) SSL_set_session(client, options.session);
    if (options.identity != nullptr) show(*options.identity);
    shake_hands();
  }

  // What the server says of the handshake.
  bool is_accepted() const { return !server_error_ && !client_error_; }
  const boost::system::error_code& server_error() const { return server_error_; }

  // The name in the server's certificate.
  std::string name() {
    X509* const certificate = SSL_get1_peer_certificate(client_.native_handle());
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }
  std::string version() { return SSL_get_version(client_.native_handle()); }
  std::string cipher() { return SSL_CIPHER_standard_name(SSL_get_current_cipher(client_.native_handle())); }
  std::string protocol() {
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client_.native_handle(), &data, &size);
    return std::string(reinterpret_cast<const char*>(data), size);
  }
  SSL* client() { return client_.native_handle(); }

  // Bytes from the client, as the server reads them; what the client says of it if it cannot send them.
  std::string pass_on(const std::string& text) {
    std::string read(text.size(), '\0');
    boost::system::error_code write_error;
    asio::async_write(client_, asio::buffer(text), [&](boost::system::error_code error, std::size_t) {
      write_error = error;
      if (error) client_.next_layer().shutdown(Socket::shutdown_send);
    });
    asio::async_read(server_, asio::buffer(read), [](boost::system::error_code, std::size_t) {});
    io_context_.restart();
    io_context_.run();
    return write_error ? write_error.message() : read;
  }

 private:
  void show(const Identity& identity) {
    asio::ssl::context holder(asio::ssl::context::tls_client);
    holder.use_certificate_chain(asio::buffer(identity.certificate));
    holder.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    SSL_use_certificate(client_.native_handle(), SSL_CTX_get0_certificate(holder.native_handle()));
    SSL_use_PrivateKey(client_.native_handle(), SSL_CTX_get0_privatekey(holder.native_handle()));
  }

  void shake_hands() {
    server_.async_handshake(asio::ssl::stream_base::server, [this](boost::system::error_code error) {
      server_error_ = error;
      if (error) server_.next_layer().shutdown(Socket::shutdown_send);
    });
    client_.async_handshake(asio::ssl::stream_base::client, [this](boost::system::error_code error) {
      client_error_ = error;
      if (error) client_.next_layer().shutdown(Socket::shutdown_send);
    });
    io_context_.run();
  }

  asio::io_context io_context_;
  std::shared_ptr<asio::ssl::context> server_context_;
  asio::ssl::context client_context_{asio::ssl::context::tls_client};
  asio::ssl::stream<Socket> server_{io_context_, *server_context_};
  asio::ssl::stream<Socket> client_{io_context_, client_context_};
  boost::system::error_code server_error_;
  boost::system::error_code client_error_;
};

const Identity& server_identity() {
  static const Identity identity = make_certificate({.common_name = "first"});
  return identity;
}

TlsOptions inline_options() { return {.cert = server_identity().certificate, .key = server_identity().key}; }

Connection connect(const TlsOptions& options, const ClientOptions& client = {}) {
  return Connection(TlsCredentials(options).current(), client);
}

std::string refusal(const TlsOptions& options) {
  return error_of<std::invalid_argument>([&] { const TlsCredentials credentials(options); });
}

// --- What it speaks.

TEST(Tls, SpeaksTls13And12) {
  EXPECT_EQ(connect(inline_options()).version(), "TLSv1.3");
  EXPECT_EQ(connect(inline_options(), {.max_version = TLS1_2_VERSION}).version(), "TLSv1.2");
  EXPECT_FALSE(connect(inline_options(), {.max_version = TLS1_1_VERSION}).is_accepted());
}

TEST(Tls, SpeaksOlderVersionsIfTold) {
  TlsOptions options = inline_options();
  options.min_version = TlsVersion::kTls11;
  EXPECT_EQ(connect(options, {.max_version = TLS1_1_VERSION}).version(), "TLSv1.1");
  EXPECT_FALSE(connect(options, {.max_version = TLS1_VERSION}).is_accepted());
}

TEST(Tls, HasAHighestVersion) {
  TlsOptions options = inline_options();
  options.max_version = TlsVersion::kTls12;
  EXPECT_EQ(connect(options).version(), "TLSv1.2");
  EXPECT_FALSE(connect(options, {.min_version = TLS1_3_VERSION}).is_accepted());
}

TEST(Tls, SelectsHttp1) {
  EXPECT_EQ(connect(inline_options(), {.alpn = "\x02h2\x08http/1.1"}).protocol(), "http/1.1");
  EXPECT_EQ(connect(inline_options(), {.alpn = "\x08http/1.0"}).protocol(), "http/1.0");
  EXPECT_EQ(connect(inline_options()).protocol(), "");
  EXPECT_FALSE(connect(inline_options(), {.alpn = "\x02h2"}).is_accepted());
}

TEST(Tls, LimitsTheSuites) {
  TlsOptions options = inline_options();
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_EQ(connect(options, {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}).cipher(),
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  EXPECT_FALSE(
      connect(options, {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"}).is_accepted());
  EXPECT_EQ(connect(options).version(), "TLSv1.3");
}

TEST(Tls, TheOrderOfSuitesIsTheServersOrTheClients) {
  TlsOptions options = inline_options();
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  const ClientOptions client = {.max_version = TLS1_2_VERSION,
                                .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"};
  EXPECT_EQ(connect(options, client).cipher(), "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  options.prefer_server_cipher_suites = false;
  EXPECT_EQ(connect(options, client).cipher(), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
}

TEST(Tls, OnlySuitesOfTls13MeanNoneOfTls12) {
  TlsOptions options = inline_options();
  options.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  EXPECT_TRUE(connect(options).is_accepted());
  EXPECT_FALSE(connect(options, {.max_version = TLS1_2_VERSION}).is_accepted());
}

TEST(Tls, LimitsTheCurves) {
  TlsOptions options = inline_options();
  options.curve_preferences = {"P-521", "X25519"};
  EXPECT_TRUE(connect(options, {.curves = "X25519"}).is_accepted());
  EXPECT_FALSE(connect(options, {.curves = "P-384"}).is_accepted());
}

TEST(Tls, DoesNotRenegotiate) {
  Connection connection = connect(inline_options(), {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(connection.is_accepted());
  EXPECT_EQ(SSL_get_secure_renegotiation_support(connection.client()), 1);
  SSL_renegotiate(connection.client());
  EXPECT_THAT(connection.pass_on("x"), StartsWith("no renegotiation"));
}

TEST(Tls, SendsItsIntermediates) {
  const Identity root = make_certificate({.common_name = "root", .is_authority = true});
  const Identity middle = make_certificate({.common_name = "middle", .is_authority = true}, &root);
  const Identity leaf = make_certificate({.common_name = "leaf"}, &middle);
  Connection connection = connect({.cert = leaf.certificate + middle.certificate, .key = leaf.key});
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(connection.client())), 2);
}

TEST(Tls, TakesKeyAndCertificateOutOfOneText) {
  const std::string both = server_identity().key + server_identity().certificate;
  EXPECT_TRUE(connect({.cert = both, .key = both}).is_accepted());
}

// --- What it asks of clients.

// A policy, and whom it lets in: a client without a certificate, with one from a stranger, with one of the CA.
struct PolicyCase {
  ClientAuthType type;
  bool takes_none;
  bool takes_strange;
  bool takes_signed;
};

class ClientPolicy : public ::testing::TestWithParam<std::tuple<PolicyCase, int>> {
 protected:
  bool lets_in(const Identity* identity) {
    TlsOptions options = inline_options();
    options.client_auth_type = policy().type;
    if (policy().type != ClientAuthType::kNoClientCert) options.client_ca = ca_.certificate;
    return connect(options, {.identity = identity, .max_version = std::get<int>(GetParam())}).is_accepted();
  }
  const PolicyCase& policy() const { return std::get<PolicyCase>(GetParam()); }

  const Identity ca_ = make_certificate({.common_name = "CA", .is_authority = true});
  const Identity signed_ = make_certificate({.common_name = "client"}, &ca_);
  const Identity strange_ = make_certificate({.common_name = "client"});
};

TEST_P(ClientPolicy, LetsIn) {
  EXPECT_EQ(lets_in(nullptr), policy().takes_none);
  EXPECT_EQ(lets_in(&strange_), policy().takes_strange);
  EXPECT_EQ(lets_in(&signed_), policy().takes_signed);
}

INSTANTIATE_TEST_SUITE_P(
    All, ClientPolicy,
    ::testing::Combine(::testing::Values(PolicyCase{ClientAuthType::kNoClientCert, true, true, true},
                                         PolicyCase{ClientAuthType::kRequestClientCert, true, true, true},
                                         PolicyCase{ClientAuthType::kRequireAnyClientCert, false, true, true},
                                         PolicyCase{ClientAuthType::kVerifyClientCertIfGiven, true, false, true},
                                         PolicyCase{ClientAuthType::kRequireAndVerifyClientCert, false, false, true}),
                       ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION)));

TEST(Tls, RequiresAnyCertificateWithoutACa) {
  TlsOptions options = inline_options();
  options.client_auth_type = ClientAuthType::kRequireAnyClientCert;
  const Identity strange = make_certificate();
  EXPECT_TRUE(connect(options, {.identity = &strange}).is_accepted());
}

TEST(Tls, TrustsAnIntermediateWithoutItsRootAndAClientByItself) {
  const Identity root = make_certificate({.common_name = "root", .is_authority = true});
  const Identity middle = make_certificate({.common_name = "middle", .is_authority = true}, &root);
  const Identity client = make_certificate({.common_name = "client"}, &middle);
  const Identity other = make_certificate({.common_name = "client"}, &middle);
  TlsOptions options = inline_options();
  options.client_auth_type = ClientAuthType::kRequireAndVerifyClientCert;
  options.client_ca = middle.certificate;
  EXPECT_TRUE(connect(options, {.identity = &client}).is_accepted());
  options.client_ca = client.certificate;
  EXPECT_TRUE(connect(options, {.identity = &client}).is_accepted());
  EXPECT_FALSE(connect(options, {.identity = &other}).is_accepted());
}

class AllowedSans : public ::testing::Test {
 protected:
  bool lets_in(const std::vector<std::string>& allowed, const std::vector<std::string>& names,
               ClientAuthType type = ClientAuthType::kRequireAndVerifyClientCert) {
    TlsOptions options = inline_options();
    options.client_auth_type = type;
    options.client_ca = ca_.certificate;
    options.client_allowed_sans = allowed;
    const Identity client = make_certificate({.common_name = "a.example", .subject_alternative_names = names}, &ca_);
    return connect(options, {.identity = &client}).is_accepted();
  }

  const Identity ca_ = make_certificate({.common_name = "CA", .is_authority = true});
};

TEST_F(AllowedSans, OfFourKinds) {
  EXPECT_TRUE(lets_in({"a.example"}, {"DNS:a.example"}));
  EXPECT_TRUE(lets_in({"me@a.example"}, {"email:me@a.example"}));
  EXPECT_TRUE(lets_in({"spiffe://a/b"}, {"URI:spiffe://a/b"}));
  EXPECT_TRUE(lets_in({"192.0.2.1"}, {"IP:192.0.2.1"}));
  EXPECT_TRUE(lets_in({"2001:db8::1"}, {"IP:2001:db8:0:0:0:0:0:1"}));
}

TEST_F(AllowedSans, AnyOfAnyIsEnough) { EXPECT_TRUE(lets_in({"x", "b.example"}, {"DNS:a.example", "DNS:b.example"})); }

TEST_F(AllowedSans, ToTheLetter) {
  EXPECT_FALSE(lets_in({"a.example"}, {"DNS:b.a.example"}));
  EXPECT_FALSE(lets_in({"b.a.example"}, {"DNS:*.a.example"}));
  EXPECT_FALSE(lets_in({"A.example"}, {"DNS:a.example"}));
  EXPECT_FALSE(lets_in({""}, {"DNS:a.example"}));
}

// Its common name is the allowed one.
TEST_F(AllowedSans, NotTheCommonName) {
  EXPECT_FALSE(lets_in({"a.example"}, {}));
  EXPECT_FALSE(lets_in({"a.example"}, {"DNS:b.example"}));
}

TEST_F(AllowedSans, OfUnverifiedCertificatesToo) {
  EXPECT_TRUE(lets_in({"a.example"}, {"DNS:a.example"}, ClientAuthType::kRequireAnyClientCert));
  EXPECT_FALSE(lets_in({"a.example"}, {"DNS:b.example"}, ClientAuthType::kRequireAnyClientCert));
}

// The name is right, the signature is not.
TEST_F(AllowedSans, DoNotReplaceTheSignature) {
  TlsOptions options = inline_options();
  options.client_auth_type = ClientAuthType::kRequireAndVerifyClientCert;
  options.client_ca = ca_.certificate;
  options.client_allowed_sans = {"a.example"};
  const Identity strange = make_certificate({.subject_alternative_names = {"DNS:a.example"}});
  EXPECT_FALSE(connect(options, {.identity = &strange}).is_accepted());
}

// --- What it refuses to start with.

TEST(TlsOptions, NeedsBothHalves) {
  EXPECT_EQ(refusal({}), "missing one of cert or cert_file");
  EXPECT_EQ(refusal({.key_file = "k"}), "missing one of cert or cert_file");
  EXPECT_EQ(refusal({.cert_file = "c"}), "missing one of key or key_file");
}

TEST(TlsOptions, ACaGoesWithAPolicyAndAPolicyWithACa) {
  TlsOptions options = inline_options();
  options.client_ca_file = "ca.pem";
  EXPECT_EQ(refusal(options), "client CA's have been configured without a Client Auth Policy");
  options.client_ca_file.clear();
  options.client_auth_type = ClientAuthType::kRequireAndVerifyClientCert;
  EXPECT_EQ(refusal(options), "client_auth_type verifies certificates, which needs one of client_ca or client_ca_file");
  options.client_auth_type = ClientAuthType::kVerifyClientCertIfGiven;
  EXPECT_EQ(refusal(options), "client_auth_type verifies certificates, which needs one of client_ca or client_ca_file");
}

TEST(TlsOptions, SansNeedACertificate) {
  TlsOptions options = inline_options();
  options.client_allowed_sans = {"a"};
  for (const ClientAuthType type : {ClientAuthType::kNoClientCert, ClientAuthType::kRequestClientCert}) {
    options.client_auth_type = type;
    EXPECT_EQ(refusal(options),
              "client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or "
              "RequireAndVerifyClientCert");
  }
}

TEST(TlsOptions, NamesAndVersionsExist) {
  TlsOptions options = inline_options();
  options.cipher_suites = {"TLS_AES_128_GCM_SHA256", "TLS_PINK"};
  EXPECT_EQ(refusal(options), "unknown cipher: TLS_PINK");
  options.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  options.max_version = TlsVersion::kTls12;
  EXPECT_EQ(refusal(options), "cipher_suites has none for max_version");
  options = inline_options();
  options.curve_preferences = {"X25519", "P-1"};
  EXPECT_EQ(refusal(options), "unknown curve: P-1");
  options = inline_options();
  options.max_version = TlsVersion::kTls11;
  EXPECT_EQ(refusal(options), "max_version is below min_version");
}

TEST(TlsOptions, NullAndAnonymousSuitesAreUnknown) {
  EXPECT_TRUE(is_cipher_suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
  EXPECT_TRUE(is_cipher_suite("TLS_AES_256_GCM_SHA384"));
  EXPECT_FALSE(is_cipher_suite("TLS_RSA_WITH_NULL_SHA256"));
  EXPECT_FALSE(is_cipher_suite("TLS_DH_anon_WITH_AES_128_GCM_SHA256"));
  EXPECT_FALSE(is_cipher_suite("ECDHE-RSA-AES128-GCM-SHA256"));
  EXPECT_FALSE(is_cipher_suite(""));
}

TEST(TlsCredentials, NamesTheFileAndWhatIsWrongWithIt) {
  const TemporaryFolder folder;
  const std::string cert = folder.write("cert.pem", server_identity().certificate);
  const std::string key = folder.write("key.pem", server_identity().key);
  const std::string none = folder.path_of("none.pem");
  const std::string junk = folder.write("junk.pem", "junk");
  const std::string other = folder.write("other.pem", make_certificate().key);
  const std::string sealed = folder.write("sealed.pem", encrypt_key(server_identity().key, "secret"));
  const std::string broken_key =
      folder.write("broken_key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  const std::string broken =
      folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

  EXPECT_EQ(refusal({.cert_file = none, .key_file = key}),
            "failed to read cert_file (" + none + "): No such file or directory");
  EXPECT_EQ(refusal({.cert_file = cert, .key_file = none}),
            "failed to read key_file (" + none + "): No such file or directory");
  EXPECT_EQ(refusal({.cert_file = folder.path(), .key_file = key}),
            "failed to read cert_file (" + folder.path() + "): Is a directory");
  EXPECT_EQ(refusal({.cert_file = junk, .key_file = key}), "cert_file (" + junk + "): no certificate in it");
  EXPECT_THAT(refusal({.cert_file = broken, .key_file = key}), StartsWith("cert_file (" + broken + "): "));
  EXPECT_EQ(refusal({.cert_file = cert, .key_file = junk}), "key_file (" + junk + "): no private key in it");
  EXPECT_EQ(refusal({.cert_file = cert, .key_file = sealed}), "key_file (" + sealed + "): the key is encrypted");
  EXPECT_EQ(refusal({.cert_file = cert, .key_file = broken_key}),
            "key_file (" + broken_key + "): malformed private key");
  EXPECT_EQ(refusal({.cert_file = cert, .key_file = other}),
            "cert_file (" + cert + ") and key_file (" + other + "): key values mismatch");
  EXPECT_EQ(refusal({.cert = "junk", .key_file = key}), "cert: no certificate in it");
  EXPECT_EQ(refusal({.cert_file = cert,
                     .key_file = key,
                     .client_ca_file = junk,
                     .client_auth_type = ClientAuthType::kRequireAndVerifyClientCert}),
            "client_ca_file (" + junk + "): no certificate in it");
}

// --- Reloading.

class TlsReload : public ::testing::Test {
 protected:
  void write(const Identity& identity) {
    folder_.write("cert.pem", identity.certificate);
    folder_.write("key.pem", identity.key);
  }
  std::unique_ptr<TlsCredentials> make_credentials() {
    write(server_identity());
    return std::make_unique<TlsCredentials>(
        TlsOptions{.cert_file = folder_.path_of("cert.pem"), .key_file = folder_.path_of("key.pem")},
        ReloadOptions{.log = [this](std::string_view line) { log_.emplace_back(line); },
                      .now = [this] { return now_; }});
  }
  std::string name() { return Connection(credentials_->current(), {}).name(); }

  TemporaryFolder folder_;
  ReloadOptions::Clock::time_point now_{};
  std::vector<std::string> log_;
  const Identity second_ = make_certificate({.common_name = "second"});
  const std::unique_ptr<TlsCredentials> credentials_ = make_credentials();
};

TEST_F(TlsReload, NewConnectionsHaveTheNewCertificateAndOldOnesLiveOn) {
  Connection old(credentials_->current(), {});
  EXPECT_EQ(old.name(), "first");
  write(second_);
  EXPECT_EQ(name(), "first");  // within the second
  now_ += 1s;
  EXPECT_EQ(name(), "second");
  EXPECT_EQ(old.pass_on("still here"), "still here");
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(TlsReload, BrokenFilesLeaveTheLastGoodOnes) {
  folder_.write("cert.pem", "junk");
  for (int i = 0; i < 3; ++i) {
    now_ += 1s;
    EXPECT_EQ(name(), "first");
    EXPECT_FALSE(credentials_->state().is_last_successful);
  }
  EXPECT_THAT(log_, ElementsAre("not reloaded, the last good one is used: cert_file (" + folder_.path_of("cert.pem") +
                                "): no certificate in it"));
  write(second_);
  now_ += 1s;
  EXPECT_EQ(name(), "second");
  EXPECT_TRUE(credentials_->state().is_last_successful);
}

// Written one after the other, with a connection in between.
TEST_F(TlsReload, HalfAPairWaitsForTheOther) {
  folder_.write("cert.pem", second_.certificate);
  now_ += 1s;
  EXPECT_EQ(name(), "first");
  EXPECT_THAT(log_, ElementsAre(HasSubstr("key values mismatch")));
  folder_.write("key.pem", second_.key);
  now_ += 1s;
  EXPECT_EQ(name(), "second");
}

TEST_F(TlsReload, AFileThatGoesLeavesTheLastGoodOne) {
  folder_.remove("key.pem");
  now_ += 1s;
  EXPECT_EQ(name(), "first");
  EXPECT_THAT(log_, ElementsAre(HasSubstr("failed to read key_file")));
}

TEST_F(TlsReload, TheProviderOutlivesTheCredentials) {
  TlsProvider provider = TlsCredentials(inline_options()).provider();
  EXPECT_EQ(Connection(provider(), {}).name(), "first");
}

// A session was let in by the old policy.
TEST_F(TlsReload, MakesSessionsVoid) {
  Connection first(credentials_->current(), {.max_version = TLS1_2_VERSION});
  SSL_SESSION* const session = SSL_get1_session(first.client());
  Connection again(credentials_->current(), {.max_version = TLS1_2_VERSION, .session = session});
  EXPECT_EQ(SSL_session_reused(again.client()), 1);
  write(second_);
  now_ += 1s;
  Connection reloaded(credentials_->current(), {.max_version = TLS1_2_VERSION, .session = session});
  EXPECT_TRUE(reloaded.is_accepted());
  EXPECT_EQ(SSL_session_reused(reloaded.client()), 0);
  SSL_SESSION_free(session);
}

TEST_F(TlsReload, TakesANewClientCa) {
  const Identity ca1 = make_certificate({.common_name = "CA 1", .is_authority = true});
  const Identity ca2 = make_certificate({.common_name = "CA 2", .is_authority = true});
  const Identity client = make_certificate({.common_name = "client"}, &ca2);
  const TlsCredentials credentials({.cert = server_identity().certificate,
                                    .key = server_identity().key,
                                    .client_ca_file = folder_.write("ca.pem", ca1.certificate),
                                    .client_auth_type = ClientAuthType::kRequireAndVerifyClientCert},
                                   {.now = [this] { return now_; }});
  EXPECT_FALSE(Connection(credentials.current(), {.identity = &client}).is_accepted());
  folder_.write("ca.pem", ca1.certificate + ca2.certificate);
  now_ += 1s;
  EXPECT_TRUE(Connection(credentials.current(), {.identity = &client}).is_accepted());
}

}  // namespace
}  // namespace prometheus_async::aio::net
