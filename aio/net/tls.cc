// SPDX-License-Identifier: Apache-2.0

#include "aio/net/tls.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace prometheus_async::aio::net {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

// "cert_file (server.pem)" or "cert", and the PEM itself.
struct Pem {
  std::string name;
  std::string_view text;
};

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument(what); }

// Throws with what OpenSSL said last, and forgets all that it said.
[[noreturn]] void fail_by_openssl(const std::string& what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  fail(what + ": " + (reason != nullptr ? reason : "refused by OpenSSL"));
}

// An encrypted key has no one to ask for its passphrase; OpenSSL's default asks the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Bio open_text(const Pem& pem) {
  Bio bio(BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())));
  if (!bio) fail_by_openssl(pem.name);
  return bio;
}

// All certificates of a PEM, at least one; what else is in it is skipped.
std::vector<Certificate> read_certificates(const Pem& pem) {
  ERR_clear_error();
  const Bio bio = open_text(pem);
  std::vector<Certificate> certificates;
  while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!is_at_end) fail_by_openssl(pem.name);
  ERR_clear_error();
  if (certificates.empty()) fail(pem.name + ": no certificate in it");
  return certificates;
}

Key read_key(const Pem& pem) {
  ERR_clear_error();
  const Bio bio = open_text(pem);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    // What OpenSSL says is about its decoders.
    ERR_clear_error();
    const auto has = [&](std::string_view text) { return pem.text.find(text) != std::string_view::npos; };
    if (!has("PRIVATE KEY-----")) fail(pem.name + ": no private key in it");
    fail(pem.name + (has("ENCRYPTED") ? ": the key is encrypted" : ": malformed private key"));
  }
  return key;
}

// What a context asks of its clients. Belongs to the SSL_CTX, which lives as long as the last of its connections.
struct ClientPolicy {
  bool is_verified;
  std::vector<std::string> allowed_sans;
};

int policy_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* policy, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<ClientPolicy*>(policy); });
  return index;
}

std::string_view text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// Nothing for kinds that are not compared.
std::string san_of(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS: return std::string(text_of(name.d.dNSName));
    case GEN_EMAIL: return std::string(text_of(name.d.rfc822Name));
    case GEN_URI: return std::string(text_of(name.d.uniformResourceIdentifier));
    case GEN_IPADD: {
      const std::string_view octets = text_of(name.d.iPAddress);
      if (asio::ip::address_v4::bytes_type v4; octets.size() == v4.size()) {
        std::copy(octets.begin(), octets.end(), v4.begin());
        return asio::ip::address_v4(v4).to_string();
      }
      if (asio::ip::address_v6::bytes_type v6; octets.size() == v6.size()) {
        std::copy(octets.begin(), octets.end(), v6.begin());
        return asio::ip::address_v6(v6).to_string();
      }
      return {};
    }
    default: return {};
  }
}

bool has_allowed_san(const X509* certificate, const std::vector<std::string>& allowed) {
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string san = san_of(*sk_GENERAL_NAME_value(names.get(), i));
    if (!san.empty() && std::find(allowed.begin(), allowed.end(), san) != allowed.end()) return true;
  }
  return false;
}

// In place of OpenSSL's whole verification, for a client that has shown a certificate.
int verify_client(X509_STORE_CTX* store, void* argument) {
  const auto& policy = *static_cast<const ClientPolicy*>(argument);
  if (policy.is_verified && X509_verify_cert(store) <= 0) return 0;
  if (!policy.allowed_sans.empty() && !has_allowed_san(X509_STORE_CTX_get0_cert(store), policy.allowed_sans)) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

// http/1.1, and the 1.0 that curl --http1.0 asks for. As RFC 7301 and Go have it, a client that offers nothing of the
// kind is turned away.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1\x08http/1.0";
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(&selected, out_size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *out = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

struct CipherSuite {
  std::string openssl_name;
  bool is_tls13;
};

// By IANA name.
const std::map<std::string, CipherSuite, std::less<>>& cipher_suites() {
  static const std::map<std::string, CipherSuite, std::less<>> suites = [] {
    std::map<std::string, CipherSuite, std::less<>> found;
    const std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context(SSL_CTX_new(TLS_server_method()));
    if (!context) fail_by_openssl("TLS");
    SSL_CTX_set_cipher_list(context.get(), "ALL:!aNULL:!eNULL:!PSK:!SRP");
    const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
      const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(ciphers, i);
      const char* const name = SSL_CIPHER_standard_name(cipher);
      if (name == nullptr) continue;
      found[name] = {.openssl_name = SSL_CIPHER_get_name(cipher),
                     .is_tls13 = SSL_CIPHER_get_version(cipher) == std::string_view("TLSv1.3")};
    }
    ERR_clear_error();
    return found;
  }();
  return suites;
}

int number_of(TlsVersion version) {
  constexpr std::array<int, 4> kNumbers = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
  return kNumbers[static_cast<std::size_t>(version)];
}

bool is_verifying(ClientAuthType type) {
  return type == ClientAuthType::kVerifyClientCertIfGiven || type == ClientAuthType::kRequireAndVerifyClientCert;
}

bool is_requiring(ClientAuthType type) {
  return type == ClientAuthType::kRequireAnyClientCert || type == ClientAuthType::kRequireAndVerifyClientCert;
}

std::string join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : ":") + part;
  return joined;
}

void set_versions_and_suites(SSL_CTX* context, const TlsOptions& options) {
  int min_version = number_of(options.min_version);
  if (!options.cipher_suites.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : options.cipher_suites) {
      const CipherSuite& suite = cipher_suites().find(name)->second;
      if (!suite.is_tls13) names.push_back(suite.openssl_name);
    }
    // None for the versions before 1.3.
    if (names.empty()) {
      min_version = TLS1_3_VERSION;
    } else if (SSL_CTX_set_cipher_list(context, join(names).c_str()) != 1) {
      fail_by_openssl("cipher_suites");
    }
  }
  if (min_version < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);
  if (SSL_CTX_set_min_proto_version(context, min_version) != 1 ||
      SSL_CTX_set_max_proto_version(context, number_of(options.max_version)) != 1) {
    fail_by_openssl("min_version, max_version");
  }
  // One by one to name the one that is unknown; then all. OpenSSL's macro takes no const.
  for (std::string curve : options.curve_preferences) {
    if (SSL_CTX_set1_groups_list(context, curve.data()) != 1) {
      ERR_clear_error();
      fail("unknown curve: " + curve);
    }
  }
  std::string curves = join(options.curve_preferences);
  if (!curves.empty() && SSL_CTX_set1_groups_list(context, curves.data()) != 1) fail_by_openssl("curve_preferences");
}

void set_certificate(SSL_CTX* context, const Pem& cert_pem, const Pem& key_pem) {
  std::vector<Certificate> chain = read_certificates(cert_pem);
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) fail_by_openssl(cert_pem.name);
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add0_chain_cert(context, chain[i].get()) != 1) fail_by_openssl(cert_pem.name);
    chain[i].release();  // the context's now
  }
  const Key key = read_key(key_pem);
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    fail_by_openssl(cert_pem.name + " and " + key_pem.name);
  }
}

void set_client_policy(SSL_CTX* context, const TlsOptions& options, const std::optional<Pem>& ca) {
  if (options.client_auth_type == ClientAuthType::kNoClientCert) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return;
  }
  const int required = is_requiring(options.client_auth_type) ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  auto policy = std::make_unique<ClientPolicy>(
      ClientPolicy{.is_verified = is_verifying(options.client_auth_type), .allowed_sans = options.client_allowed_sans});
  SSL_CTX_set_cert_verify_callback(context, verify_client, policy.get());
  if (SSL_CTX_set_ex_data(context, policy_index(), policy.get()) != 1) fail_by_openssl("client_auth_type");
  policy.release();  // the context's now
  if (!ca) return;
  // As in Go, whoever is listed is trusted: an intermediate without its root, or a client's own certificate.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  for (const Certificate& certificate : read_certificates(*ca)) {
    // To be trusted, and named to clients as one whose certificates are welcome.
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1 ||
        SSL_CTX_add_client_CA(context, certificate.get()) != 1) {
      fail_by_openssl(ca->name);
    }
  }
}

std::shared_ptr<asio::ssl::context> make_context(const TlsOptions& options, const Pem& cert, const Pem& key,
                                                 const std::optional<Pem>& client_ca) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  if (options.prefer_server_cipher_suites) SSL_CTX_set_options(native, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection holds no buffers.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  // Sessions are in their tickets; the cache would keep 20,000 of them.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  constexpr unsigned char kSessionId[] = "prometheus_async";
  SSL_CTX_set_session_id_context(native, kSessionId, sizeof kSessionId - 1);
  SSL_CTX_set_alpn_select_cb(native, select_protocol, nullptr);

  set_versions_and_suites(native, options);
  set_certificate(native, cert, key);
  set_client_policy(native, options, client_ca);
  ERR_clear_error();
  return context;
}

// The PEMs among the options, those in files in the order of `files`.
class PemReader {
 public:
  explicit PemReader(const std::vector<WatchedFile>& files) : next_(files.begin()) {}

  Pem read(const char* file_option, const std::string& path, const char* text_option, const std::string& text) {
    if (path.empty()) return {.name = text_option, .text = text};
    const WatchedFile& file = *next_++;
    if (file.error != 0) {
      fail(std::string("failed to read ") + file_option + " (" + path +
           "): " + std::generic_category().message(file.error));
    }
    return {.name = std::string(file_option) + " (" + path + ")", .text = file.content};
  }

 private:
  std::vector<WatchedFile>::const_iterator next_;
};

std::shared_ptr<asio::ssl::context> make_context(const TlsOptions& options, const std::vector<WatchedFile>& files) {
  PemReader reader(files);
  const Pem cert = reader.read("cert_file", options.cert_file, "cert", options.cert);
  const Pem key = reader.read("key_file", options.key_file, "key", options.key);
  std::optional<Pem> client_ca;
  if (!options.client_ca_file.empty() || !options.client_ca.empty()) {
    client_ca = reader.read("client_ca_file", options.client_ca_file, "client_ca", options.client_ca);
  }
  return make_context(options, cert, key, client_ca);
}

std::vector<std::string> files_of(const TlsOptions& options) {
  std::vector<std::string> files;
  for (const std::string& path : {options.cert_file, options.key_file, options.client_ca_file}) {
    if (!path.empty()) files.push_back(path);
  }
  return files;
}

}  // namespace

bool is_cipher_suite(std::string_view iana_name) { return cipher_suites().contains(iana_name); }

// The words are those of exporter-toolkit's ConfigToTLSConfig where it has some.
void validate(const TlsOptions& options) {
  if (options.cert_file.empty() && options.cert.empty()) fail("missing one of cert or cert_file");
  if (options.key_file.empty() && options.key.empty()) fail("missing one of key or key_file");
  const bool has_client_ca = !options.client_ca_file.empty() || !options.client_ca.empty();
  if (has_client_ca && options.client_auth_type == ClientAuthType::kNoClientCert) {
    fail("client CA's have been configured without a Client Auth Policy");
  }
  // Go would take the system's authorities: everybody's certificates.
  if (!has_client_ca && is_verifying(options.client_auth_type)) {
    fail("client_auth_type verifies certificates, which needs one of client_ca or client_ca_file");
  }
  if (!options.client_allowed_sans.empty() && !is_requiring(options.client_auth_type)) {
    fail(
        "client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or "
        "RequireAndVerifyClientCert");
  }
  if (options.max_version < options.min_version) fail("max_version is below min_version");
  for (const std::string& name : options.cipher_suites) {
    if (!is_cipher_suite(name)) fail("unknown cipher: " + name);
  }
  const auto is_of_tls13 = [](const std::string& name) { return cipher_suites().find(name)->second.is_tls13; };
  if (options.max_version < TlsVersion::kTls13 && !options.cipher_suites.empty() &&
      std::all_of(options.cipher_suites.begin(), options.cipher_suites.end(), is_of_tls13)) {
    fail("cipher_suites has none for max_version");
  }
}

std::shared_ptr<TlsCredentials::State> TlsCredentials::make_state(TlsOptions options, ReloadOptions reload) {
  validate(options);
  const auto make = [options](const std::vector<WatchedFile>& files) { return make_context(options, files); };
  std::vector<std::string> files = files_of(options);
  return std::shared_ptr<State>(
      new State{.options = std::move(options), .contexts = {std::move(files), make, std::move(reload)}});
}

TlsCredentials::TlsCredentials(TlsOptions options, ReloadOptions reload)
    : state_(make_state(std::move(options), std::move(reload))) {}

TlsProvider TlsCredentials::provider() const {
  return [state = state_] { return state->contexts.current(); };
}

}  // namespace prometheus_async::aio::net
