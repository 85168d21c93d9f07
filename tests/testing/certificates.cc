// SPDX-License-Identifier: Apache-2.0

#include "tests/testing/certificates.h"

#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace prometheus_async::testing {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Bio text_bio(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::invalid_argument("no such extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Key read_key(const std::string& text) {
  const Bio bio = text_bio(text);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
}

}  // namespace

Identity make_certificate(const CertificateOptions& options, const Identity* issuer) {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
  Key issuer_key(nullptr, EVP_PKEY_free);
  Certificate issuer_certificate(nullptr, X509_free);
  if (issuer != nullptr) {
    issuer_key = read_key(issuer->key);
    const Bio bio = text_bio(issuer->certificate);
    issuer_certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  }

  const Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  unsigned char serial[4];
  RAND_bytes(serial, sizeof serial);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial[0] << 16 | serial[1] << 8 | serial[2] | 1 << 24);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  X509* const signer = issuer_certificate ? issuer_certificate.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  X509_set_pubkey(certificate.get(), key.get());
  if (options.is_authority) {
    add_extension(certificate.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), signer, NID_key_usage, "critical,keyCertSign");
  }
  std::string names;
  for (const std::string& name : options.subject_alternative_names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(certificate.get(), signer, NID_subject_alt_name, names);
  X509_sign(certificate.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256());

  const Bio certificate_pem(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(certificate_pem.get(), certificate.get());
  const Bio key_pem(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {.certificate = text_of(certificate_pem.get()), .key = text_of(key_pem.get())};
}

std::string encrypt_key(const std::string& key, const std::string& passphrase) {
  const Bio pem(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(pem.get(), read_key(key).get(), EVP_aes_128_cbc(), passphrase.c_str(),
                                static_cast<int>(passphrase.size()), nullptr, nullptr);
  return text_of(pem.get());
}

}  // namespace prometheus_async::testing
