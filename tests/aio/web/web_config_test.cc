// SPDX-License-Identifier: Apache-2.0

#include "aio/web/web_config.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/certificates.h"
#include "tests/testing/child_process.h"
#include "tests/testing/error_of.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::error_of;
using prometheus_async::testing::Identity;
using prometheus_async::testing::make_certificate;
using prometheus_async::testing::TemporaryFolder;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kHash[] = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

WebConfig parse(std::string_view yaml) { return parse_web_config(yaml, "/etc/exporter"); }

std::string refusal(std::string_view yaml) {
  return error_of<std::invalid_argument>([&] { parse(yaml); });
}

// --- What it reads.

TEST(WebConfig, AnEmptyFileAsksForNothing) {
  for (const char* yaml : {"", "# nothing\n", "---\n", "{}\n", "tls_server_config:\nhttp_server_config: {}\n",
                           "basic_auth_users:\nrate_limit:\n"}) {
    const WebConfig config = parse(yaml);
    EXPECT_FALSE(config.tls) << yaml;
    EXPECT_TRUE(config.headers.empty()) << yaml;
    EXPECT_THAT(config.users, IsEmpty()) << yaml;
    EXPECT_FALSE(config.rate_limit) << yaml;
    EXPECT_THAT(config.ignored, IsEmpty()) << yaml;
  }
}

TEST(WebConfig, ReadsTls) {
  const WebConfig config = parse(R"(
tls_server_config:
  cert_file: server.pem
  key_file: /run/../server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ../ca.pem
  client_allowed_sans:
    - a.example
    - "spiffe://a/b"
  min_version: TLS11
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  curve_preferences: [X25519, CurveP256, CurveP384, CurveP521]
  prefer_server_cipher_suites: false
)");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->cert_file, "/etc/exporter/server.pem");
  EXPECT_EQ(config.tls->key_file, "/run/../server.key");
  EXPECT_EQ(config.tls->client_ca_file, "/etc/ca.pem");
  EXPECT_EQ(config.tls->client_auth_type, net::ClientAuthType::kRequireAndVerifyClientCert);
  EXPECT_THAT(config.tls->client_allowed_sans, ElementsAre("a.example", "spiffe://a/b"));
  EXPECT_EQ(config.tls->min_version, net::TlsVersion::kTls11);
  EXPECT_EQ(config.tls->max_version, net::TlsVersion::kTls12);
  EXPECT_THAT(config.tls->cipher_suites,
              ElementsAre("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(config.tls->curve_preferences, ElementsAre("X25519", "P-256", "P-384", "P-521"));
  EXPECT_FALSE(config.tls->prefer_server_cipher_suites);
}

TEST(WebConfig, HasTheToolkitsDefaults) {
  const WebConfig config = parse("tls_server_config: {cert_file: c, key_file: k, client_auth_type: '', min_version: }");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(*config.tls, (net::TlsOptions{.cert_file = "/etc/exporter/c", .key_file = "/etc/exporter/k"}));
}

TEST(WebConfig, ReadsTextsInPlaceOfFiles) {
  const WebConfig config = parse(R"(
tls_server_config:
  cert: |
    line 1
    line 2
  key: secret
  client_ca: ca
  client_auth_type: VerifyClientCertIfGiven
)");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->cert, "line 1\nline 2\n");
  EXPECT_EQ(config.tls->key, "secret");
  EXPECT_EQ(config.tls->client_ca, "ca");
  EXPECT_EQ(config.tls->cert_file, "");
}

TEST(WebConfig, PathsAreTheFilesOwn) {
  const auto cert_file = [](std::string_view directory) {
    return parse_web_config("tls_server_config: {cert_file: a/c.pem, key_file: k}", directory).tls->cert_file;
  };
  EXPECT_EQ(cert_file("/etc"), "/etc/a/c.pem");
  EXPECT_EQ(cert_file("etc/"), "etc/a/c.pem");
  EXPECT_EQ(cert_file("."), "a/c.pem");
  EXPECT_EQ(cert_file(""), "a/c.pem");
}

TEST(WebConfig, KnowsThePoliciesOfClients) {
  const auto policy = [](const std::string& name) {
    return parse("tls_server_config: {cert: c, key: k, client_ca: a, client_auth_type: " + name + "}")
        .tls->client_auth_type;
  };
  EXPECT_EQ(policy("RequestClientCert"), net::ClientAuthType::kRequestClientCert);
  EXPECT_EQ(policy("RequireAnyClientCert"), net::ClientAuthType::kRequireAnyClientCert);
  EXPECT_EQ(policy("RequireClientCert"), net::ClientAuthType::kRequireAnyClientCert);
  EXPECT_EQ(policy("VerifyClientCertIfGiven"), net::ClientAuthType::kVerifyClientCertIfGiven);
  EXPECT_EQ(policy("RequireAndVerifyClientCert"), net::ClientAuthType::kRequireAndVerifyClientCert);
}

TEST(WebConfig, ReadsHeaders) {
  const WebConfig config = parse(R"(
http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: sameorigin
    X-Content-Type-Options: nosniff
    X-XSS-Protection: ""
    Content-Security-Policy: "default-src 'self'"
)");
  ASSERT_EQ(config.headers.size(), 4u);
  EXPECT_EQ(config.headers[0].name, "Strict-Transport-Security");
  EXPECT_EQ(config.headers[0].value, "max-age=31536000");
  EXPECT_EQ(config.headers.get("X-Frame-Options"), "sameorigin");
  EXPECT_EQ(config.headers.get("Content-Security-Policy"), "default-src 'self'");
  EXPECT_FALSE(config.headers.contains("X-XSS-Protection"));
}

TEST(WebConfig, SaysThatHttp2HasNoEffect) {
  EXPECT_THAT(parse("http_server_config: {http2: true}").ignored,
              ElementsAre("http_server_config: http2 has no effect, this server speaks HTTP/1.1"));
  EXPECT_THAT(parse("http_server_config: {http2: false}").ignored, IsEmpty());
  EXPECT_THAT(parse("http_server_config: {http2: }").ignored, IsEmpty());
}

TEST(WebConfig, ReadsUsers) {
  const WebConfig config = parse("basic_auth_users:\n  alice: " + std::string(kHash) + "\n  007: '" + kHash + "'\n");
  EXPECT_EQ(config.users, (BasicAuthUsers{{"007", kHash}, {"alice", kHash}}));
}

TEST(WebConfig, ReadsALimitOfRequests) {
  EXPECT_EQ(parse("rate_limit: {interval: 1m30s, burst: 20}").rate_limit, (RateLimit{.interval = 90s, .burst = 20}));
  EXPECT_EQ(parse("rate_limit: {interval: 500us, burst: 1}").rate_limit, (RateLimit{.interval = 500us, .burst = 1}));
  EXPECT_FALSE(parse("rate_limit: {interval: 0, burst: 20}").rate_limit);
  EXPECT_FALSE(parse("rate_limit: {interval: 0s}").rate_limit);
  EXPECT_FALSE(parse("rate_limit: {burst: 20}").rate_limit);
}

TEST(WebConfig, KnowsAliases) {
  const WebConfig config = parse("basic_auth_users:\n  alice: &hash " + std::string(kHash) + "\n  bob: *hash\n");
  EXPECT_EQ(config.users.at("bob"), kHash);
}

// --- What it refuses, and in which words.

struct BadFile {
  std::string yaml;
  std::string message;
};

class BadWebConfig : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadWebConfig, IsRefused) { EXPECT_EQ(refusal(GetParam().yaml), GetParam().message) << GetParam().yaml; }

INSTANTIATE_TEST_SUITE_P(
    Structure, BadWebConfig,
    ::testing::Values(
        BadFile{"hogwash", "line 1: the web configuration is not a mapping"},
        BadFile{"- a\n", "line 1: the web configuration is not a mapping"},
        BadFile{"\ntls_config:\n  cert_file: c\n", "line 2: field tls_config not found in the web configuration"},
        BadFile{"tls_server_config:\n  cert_file: c\n  cert_fil: c\n",
                "line 3: field cert_fil not found in tls_server_config"},
        BadFile{"http_server_config: {http3: true}", "line 1: field http3 not found in http_server_config"},
        BadFile{"rate_limit:\n  interval: 1s\n  bursts: 1\n", "line 3: field bursts not found in rate_limit"},
        BadFile{"tls_server_config: {}\nrate_limit:\ntls_server_config: {}\n",
                "line 3: field tls_server_config already set in the web configuration"},
        BadFile{"tls_server_config:\n  cert: a\n  key: b\n  cert: c\n",
                "line 4: field cert already set in tls_server_config"},
        BadFile{"tls_server_config: yes\n", "line 1: tls_server_config is not a mapping"},
        BadFile{"http_server_config:\n  headers: [a]\n", "line 2: headers is not a mapping"},
        BadFile{"basic_auth_users:\n  - alice\n", "line 2: basic_auth_users is not a mapping"},
        BadFile{"? [a]\n: b\n", "line 1: a key of the web configuration is not a string"},
        BadFile{"x: &x {http2: true}\n", "line 1: field x not found in the web configuration"},
        BadFile{"http_server_config:\n  <<: {http2: true}\n", "line 2: field << not found in http_server_config"},
        BadFile{"tls_server_config:\n---\nrate_limit:\n", "line 3: more than one document"},
        BadFile{", rate_limit:\n", "line 1: more than one document"},  // YAML::LoadAll() finds no end of them
        BadFile{"rate_limit:\n\x04tls_server_config: {cert: x}\n", "line 2: a control character"},
        BadFile{std::string("rate_limit:\n\0", 13), "line 2: a control character"}));

INSTANTIATE_TEST_SUITE_P(
    Values, BadWebConfig,
    ::testing::Values(
        BadFile{"tls_server_config:\n  cert: [a]\n", "line 2: cert is not a string"},
        BadFile{"tls_server_config:\n  cert_file: {a: b}\n", "line 2: cert_file is not a string"},
        BadFile{"tls_server_config:\n  cipher_suites: TLS_AES_128_GCM_SHA256\n", "line 2: cipher_suites is not a list"},
        BadFile{"tls_server_config:\n  client_allowed_sans: [[a]]\n",
                "line 2: an item of client_allowed_sans is not a string"},
        BadFile{"tls_server_config:\n  prefer_server_cipher_suites: 1\n",
                "line 2: prefer_server_cipher_suites is neither true nor false"},
        BadFile{"http_server_config:\n  http2: 'true'\n", "line 2: http2 is neither true nor false"},
        BadFile{"rate_limit:\n  interval: 5\n", "line 2: interval is not a duration such as 500ms or 1m30s: 5"},
        BadFile{"rate_limit:\n  interval: 1 fortnight\n",
                "line 2: interval is not a duration such as 500ms or 1m30s: 1 fortnight"},
        BadFile{"rate_limit:\n  burst: 1.5\n", "line 2: burst is not an integer: 1.5"},
        BadFile{"rate_limit:\n  burst: 99999999999999999999\n",
                "line 2: burst is not an integer: 99999999999999999999"},
        BadFile{"rate_limit:\n  interval: 1s\n", "line 2: rate_limit: burst must be at least 1"},
        BadFile{"rate_limit:\n  interval: 1s\n  burst: 0\n", "line 2: rate_limit: burst must be at least 1"},
        BadFile{"rate_limit:\n  interval: -1s\n  burst: 5\n", "line 2: rate_limit: interval must be positive"}));

INSTANTIATE_TEST_SUITE_P(
    Tls, BadWebConfig,
    ::testing::Values(
        BadFile{"tls_server_config:\n  key_file: k\n", "line 2: missing one of cert or cert_file"},
        BadFile{"tls_server_config:\n  cert_file: c\n", "line 2: missing one of key or key_file"},
        BadFile{"tls_server_config:\n  cert_file: ''\n  key_file: k\n", "line 2: missing one of cert or cert_file"},
        BadFile{"tls_server_config:\n  min_version: TLS13\n", "line 2: missing one of cert or cert_file"},
        BadFile{"tls_server_config:\n  cert: c\n  key: k\n  client_ca_file: ca\n",
                "line 2: client CA's have been configured without a Client Auth Policy"},
        BadFile{"tls_server_config:\n  cert: c\n  key: k\n  client_auth_type: RequireAndVerifyClientCert\n",
                "line 2: client_auth_type verifies certificates, which needs one of client_ca or client_ca_file"},
        BadFile{"tls_server_config:\n  cert: c\n  key: k\n  client_auth_type: Sometimes\n",
                "line 4: invalid ClientAuth: Sometimes"},
        BadFile{"tls_server_config:\n  cert: c\n  key: k\n  client_auth_type: RequestClientCert\n"
                "  client_allowed_sans: [a]\n",
                "line 2: client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or "
                "RequireAndVerifyClientCert"},
        BadFile{"tls_server_config:\n  cert: c\n  key: k\n  client_auth_type: RequireAnyClientCert\n"
                "  client_allowed_sans: []\n",
                "line 5: client_allowed_sans allows nobody"},
        BadFile{"tls_server_config:\n  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n  - TLS_PINK\n",
                "line 4: unknown cipher: TLS_PINK"},
        BadFile{"tls_server_config:\n  curve_preferences:\n  - X25519\n  - CurveP257\n",
                "line 4: unknown curve: CurveP257"},
        BadFile{"tls_server_config:\n  min_version: TLS111\n", "line 2: unknown TLS version: TLS111"},
        BadFile{"tls_server_config:\n  max_version: ''\n", "line 2: unknown TLS version: "},
        BadFile{"tls_server_config:\n  cert: c\n  key: k\n  max_version: TLS11\n",
                "line 2: max_version is below min_version"}));

INSTANTIATE_TEST_SUITE_P(
    HeadersAndUsers, BadWebConfig,
    ::testing::Values(
        BadFile{"http_server_config:\n  headers:\n    X-Powered-By: me\n",
                "line 3: HTTP header \"X-Powered-By\" can not be configured"},
        BadFile{"http_server_config:\n  headers:\n    x-frame-options: deny\n",
                "line 3: HTTP header \"x-frame-options\" can not be configured"},
        BadFile{"http_server_config:\n  headers:\n    X-Frame-Options: maybe\n",
                "line 3: invalid value for X-Frame-Options. Expected one of: [\"deny\" \"sameorigin\"], but got: "
                "\"maybe\""},
        BadFile{"http_server_config:\n  headers:\n    X-Content-Type-Options: \n",
                "line 3: invalid value for X-Content-Type-Options. Expected one of: [\"nosniff\"], but got: \"\""},
        BadFile{"http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\nSet-Cookie: a\"\n",
                "line 3: invalid value for X-XSS-Protection: a control character"},
        BadFile{"basic_auth_users:\n  alice: " + std::string(kHash) + "\n  bob: secret\n",
                "line 3: user \"bob\": hashedSecret too short to be a bcrypted password"},
        BadFile{"basic_auth_users:\n  bob:\n",
                "line 2: user \"bob\": hashedSecret too short to be a bcrypted password"},
        BadFile{"basic_auth_users:\n  'a:b': " + std::string(kHash) + "\n",
                "line 2: user \"a:b\": a name has no colon"},
        BadFile{"basic_auth_users:\n  bob: " + std::string(kHash) + "\n  bob: " + kHash + "\n",
                "line 3: field bob already set in basic_auth_users"}));

// The words are yaml-cpp's, and differ between its versions.
TEST(WebConfig, SyntaxErrorsNameTheirLine) {
  EXPECT_THAT(refusal("a: b: c"), StartsWith("line 1: "));
  EXPECT_THAT(refusal("a:\n  - b\n c: d\n"), StartsWith("line 3: "));
  EXPECT_THAT(refusal("a:\n  [b\n"), ContainsRegex("^line [23]: "));
  EXPECT_THAT(refusal("rate_limit:\ntls_server_config: *x\n"), StartsWith("line 2: the referenced anchor"));
}

// --- Files.

class WebConfigOnDisk : public ::testing::Test {
 protected:
  WebConfigOnDisk() {
    folder_.write("server.pem", identity_.certificate);
    folder_.write("server.key", identity_.key);
    folder_.write("other.key", make_certificate().key);
  }
  std::string validation(std::string_view yaml) {
    const std::string path = folder_.write("web.yml", yaml);
    try {
      validate_web_config(path);
      return "valid";
    } catch (const std::exception& error) {
      const std::string what = error.what();
      return what.starts_with(path + ": ") ? what.substr(path.size() + 2) : "without its path: " + what;
    }
  }

  TemporaryFolder folder_;
  const Identity identity_ = make_certificate();
};

TEST_F(WebConfigOnDisk, NamesItselfInErrors) {
  const std::string path = folder_.path_of("none.yml");
  EXPECT_EQ(error_of<std::system_error>([&] { load_web_config(path); }), path + ": No such file or directory");
  const std::string bad = folder_.write("bad.yml", "a: 1\n");
  EXPECT_EQ(error_of<std::invalid_argument>([&] { load_web_config(bad); }),
            bad + ": line 1: field a not found in the web configuration");
  EXPECT_EQ(error_of<std::system_error>([&] { load_web_config(folder_.path()); }), folder_.path() + ": Is a directory");
}

TEST_F(WebConfigOnDisk, IsLoadedWithoutTheFilesThatItNames) {
  const std::string path = folder_.write("web.yml", "tls_server_config: {cert_file: none, key_file: none}\n");
  EXPECT_EQ(load_web_config(path).tls->cert_file, folder_.path_of("none"));
}

TEST_F(WebConfigOnDisk, IsValidatedWithThem) {
  EXPECT_EQ(validation(""), "valid");
  EXPECT_EQ(validation("tls_server_config: {cert_file: server.pem, key_file: server.key}\n"), "valid");
  EXPECT_EQ(validation("tls_server_config: {cert_file: none, key_file: server.key}\n"),
            "failed to read cert_file (" + folder_.path_of("none") + "): No such file or directory");
  EXPECT_EQ(validation("tls_server_config: {cert_file: server.pem, key_file: other.key}\n"),
            "cert_file (" + folder_.path_of("server.pem") + ") and key_file (" + folder_.path_of("other.key") +
                "): key values mismatch");
  EXPECT_EQ(validation("rate_limit: 1\n"), "line 1: rate_limit is not a mapping");
}

// Prometheus' own tool has the same to say of each file: yes or no. What it is stricter about here is not among them.
TEST_F(WebConfigOnDisk, PromtoolAgrees) {
  const std::string tls = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
  const std::string user = "basic_auth_users:\n  alice: ";
  const std::string header = "http_server_config:\n  headers:\n    ";
  const std::vector<std::string> files = {
      "",
      "hogwash\n",
      "tls_config: {}\n",
      tls,
      tls + "  bogus: 1\n",
      tls + "  key_file: server.key\n",
      "tls_server_config:\n  cert_file: server.pem\n",
      "tls_server_config:\n  key_file: server.key\n",
      "tls_server_config:\n  cert_file: server.pem\n  key_file: other.key\n",
      "tls_server_config:\n  cert_file: none.pem\n  key_file: server.key\n",
      tls + "  client_auth_type: RequireAnyClientCert\n",
      tls + "  client_auth_type: Sometimes\n",
      tls + "  client_ca_file: server.pem\n",
      tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.pem\n",
      tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: none.pem\n",
      tls + "  min_version: TLS10\n  max_version: TLS13\n",
      tls + "  min_version: TLS14\n",
      tls + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]\n",
      tls + "  cipher_suites: [TLS_PINK]\n",
      tls + "  curve_preferences: [CurveP521, X25519]\n",
      tls + "  curve_preferences: [P-256]\n",
      tls + "  prefer_server_cipher_suites: no\n",
      tls + "  prefer_server_cipher_suites: 'no'\n",
      tls + "http_server_config:\n  http2: false\n",
      tls + "http_server_config:\n  http2: maybe\n",
      user + kHash + "\n",
      user + "secret\n",
      user + "\n",
      header + "X-Frame-Options: deny\n",
      header + "X-Frame-Options: DENY\n",
      header + "X-Frame-Options: ''\n",
      header + "X-Frame: deny\n",
      header + "Content-Security-Policy: anything at all\n",
      "tls_server_config: [\n",
  };
  std::vector<std::string> command = {std::getenv("PROMTOOL"), "check", "web-config"};
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = folder_.write("web" + std::to_string(i) + ".yml", files[i]);
    command.push_back(path);
    std::string ours = "SUCCESS";
    try {
      validate_web_config(path);
    } catch (const std::exception&) {
      ours = "FAILED";
    }
    expected.push_back(path + " " + ours);
  }
  ChildProcess promtool(command);
  promtool.wait_for_exit();
  const std::string output = promtool.output();
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_THAT(output, HasSubstr(expected[i])) << files[i];
  }
}

}  // namespace
}  // namespace prometheus_async::aio::web
