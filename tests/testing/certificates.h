// SPDX-License-Identifier: Apache-2.0
//
// Keys and certificates for tests of TLS, made for this run.
//
//   const testing::Identity ca = testing::make_certificate({.common_name = "CA", .is_authority = true});
//   const testing::Identity client = testing::make_certificate({.subject_alternative_names = {"DNS:a.example"}}, &ca);
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_CERTIFICATES_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_CERTIFICATES_H_

#include <string>
#include <vector>

namespace prometheus_async::testing {

// PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

struct CertificateOptions {
  std::string common_name = "localhost";
  // As OpenSSL's configuration has them: "DNS:a.example", "IP:::1", "email:a@b.example", "URI:spiffe://a/b".
  std::vector<std::string> subject_alternative_names = {};
  // May sign others.
  bool is_authority = false;
};

// Valid for an hour; signed by `issuer`, or by itself.
Identity make_certificate(const CertificateOptions& options = {}, const Identity* issuer = nullptr);

// The key of an identity, encrypted with a passphrase.
std::string encrypt_key(const std::string& key, const std::string& passphrase);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_CERTIFICATES_H_
