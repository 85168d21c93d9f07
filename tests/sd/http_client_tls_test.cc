// SPDX-License-Identifier: Apache-2.0
//
// HttpClient over TLS and unix sockets: whom it trusts, as whom it comes, and which connections it keeps apart. The
// bytes behind are a ScriptedHttpServer's.
#include <dlfcn.h>
#include <sys/un.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "sd/http_client.h"
#include "tests/testing/certificates.h"
#include "tests/testing/error_of.h"
#include "tests/testing/relay.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"
#include "tests/testing/temporary_folder.h"

namespace {
int files_of_authorities = 0;
int folders_of_authorities = 0;
}  // namespace

// In front of OpenSSL's, to see what libcurl reads.
extern "C" int X509_STORE_load_file(X509_STORE* store, const char* file) {
  ++files_of_authorities;
  return reinterpret_cast<int (*)(X509_STORE*, const char*)>(::dlsym(RTLD_NEXT, "X509_STORE_load_file"))(store, file);
}
extern "C" int X509_STORE_load_path(X509_STORE* store, const char* path) {
  ++folders_of_authorities;
  return reinterpret_cast<int (*)(X509_STORE*, const char*)>(::dlsym(RTLD_NEXT, "X509_STORE_load_path"))(store, path);
}

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using testing::Answer;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Identity;
using testing::make_certificate;
using testing::run;
using testing::TlsRelay;
using testing::UnixRelay;

class HttpClientTls : public ::testing::Test {
 protected:
  sd::HttpResponse get(const std::string& url, const sd::HttpTls& tls) {
    sd::HttpRequest request{.url = url, .tls = tls};
    return run(context_, client_.perform(std::move(request)));
  }
  // The error that the request ends with.
  sd::HttpError failure(const std::string& url, const sd::HttpTls& tls) {
    try {
      get(url, tls);
    } catch (const sd::HttpError& error) {
      return error;
    }
    throw std::logic_error("the request got an answer");
  }
  std::string refusal(const std::string& url, const sd::HttpTls& tls) {
    return error_of<std::invalid_argument>([&] { get(url, tls); });
  }

  static constexpr const char* kName = "consul.example";

  asio::io_context context_;
  testing::TemporaryFolder folder_;
  const Identity authority_ = make_certificate({.common_name = "CA", .is_authority = true});
  const Identity other_authority_ = make_certificate({.common_name = "other CA", .is_authority = true});
  const Identity for_address_ = make_certificate({.subject_alternative_names = {"IP:127.0.0.1"}}, &authority_);
  const Identity for_name_ = make_certificate({.subject_alternative_names = {"DNS:consul.example"}}, &authority_);
  const Identity me_ = make_certificate({.common_name = "me"}, &authority_);
  const std::string ca_ = folder_.write("ca.pem", authority_.certificate);
  const std::string other_ca_ = folder_.write("other.pem", other_authority_.certificate);
  const std::string my_certificate_ = folder_.write("me.pem", me_.certificate);
  const std::string my_key_ = folder_.write("me.key", me_.key);
  testing::ScriptedHttpServer server_{context_};
  sd::HttpClient client_{context_.get_executor()};
};

// Whom it trusts.

TEST_F(HttpClientTls, TrustsThePrivateAuthority) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  server_.answer(Answer::status(200, "secret page"));
  EXPECT_EQ(get(relay.url(), {.ca_file = ca_}).body, "secret page");
}

TEST_F(HttpClientTls, TrustsAuthoritiesOfAFolder) {
  const std::string folder = folder_.path_of("hashed");
  std::filesystem::create_directory(folder);
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  EXPECT_EQ(failure(relay.url(), {.ca_path = folder}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
  // As c_rehash names it.
  const std::string rehash = "openssl rehash " + folder;
  std::filesystem::copy(ca_, folder + "/ca.pem");
  ASSERT_EQ(std::system(rehash.c_str()), 0);
  EXPECT_EQ(get(relay.url(), {.ca_path = folder}).status, 200);
}

TEST_F(HttpClientTls, RefusesAnotherAuthority) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  const sd::HttpError error = failure(relay.url(), {.ca_file = other_ca_});
  EXPECT_EQ(error.code(), std::error_code(CURLE_PEER_FAILED_VERIFICATION, sd::curl_category()));
  EXPECT_THAT(error.what(), HasSubstr("certificate"));
  EXPECT_THAT(error.what(), HasSubstr("GET " + relay.url()));
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpClientTls, DoesNotTrustAPrivateAuthorityOfItsOwnAccord) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  EXPECT_EQ(failure(relay.url(), {}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
}

// libcurl would go on trusting its default folder beside the file.
TEST_F(HttpClientTls, TheCallersAuthoritiesTakeThePlaceOfTheSystems) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  files_of_authorities = folders_of_authorities = 0;
  get(relay.url(), {.ca_file = ca_});
  EXPECT_EQ(files_of_authorities, 1);
  EXPECT_EQ(folders_of_authorities, 0);
  failure(relay.url(), {.ca_path = folder_.path()});
  EXPECT_EQ(files_of_authorities, 1);
  EXPECT_EQ(folders_of_authorities, 1);
}

// A file with all of the system's certificates takes 50 ms and more to read. Where there is no folder it is read once.
TEST_F(HttpClientTls, DoesNotReadAllOfTheSystemsCertificatesForEachConnection) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  files_of_authorities = 0;
  for (int i = 0; i < 3; ++i) failure(relay.url(), {});
  EXPECT_LE(files_of_authorities, 1);
}

TEST_F(HttpClientTls, ReadsAFileOfAuthoritiesAgainForEachConnection) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  const std::string file = folder_.write("rotated.pem", other_authority_.certificate);
  EXPECT_EQ(failure(relay.url(), {.ca_file = file}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
  folder_.write("rotated.pem", authority_.certificate);
  server_.answer({"", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Answer::Then::kClose});
  EXPECT_EQ(get(relay.url(), {.ca_file = file}).status, 200);
  ASSERT_TRUE(testing::run_until(context_, [&] { return relay.open_connections() == 0; }));
  folder_.write("rotated.pem", other_authority_.certificate);
  EXPECT_EQ(failure(relay.url(), {.ca_file = file}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(HttpClientTls, WithoutVerificationAnyCertificateWillDo) {
  const TlsRelay relay(context_, server_.port(), {.identity = make_certificate({.common_name = "whoever"})});
  EXPECT_EQ(get(relay.url(), {.verify = false}).status, 200);
}

TEST_F(HttpClientTls, AConnectionThatWasNotVerifiedServesNoOneElse) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  get(relay.url(), {.verify = false});
  EXPECT_EQ(failure(relay.url(), {.ca_file = other_ca_}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(failure(relay.url(), {}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(relay.handshakes().size(), 1u);
}

TEST_F(HttpClientTls, AMissingFileIsNamed) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  sd::HttpError error = failure(relay.url(), {.ca_file = "/no/such/ca.pem"});
  EXPECT_EQ(error.code().value(), CURLE_SSL_CACERT_BADFILE);
  EXPECT_THAT(error.what(), HasSubstr("/no/such/ca.pem"));
  error = failure(relay.url(), {.ca_file = ca_, .certificate_file = "/no/such/me.pem", .key_file = my_key_});
  EXPECT_EQ(error.code().value(), CURLE_SSL_CERTPROBLEM);
  EXPECT_THAT(error.what(), HasSubstr("/no/such/me.pem"));
  error = failure(relay.url(), {.ca_file = ca_, .certificate_file = my_certificate_, .key_file = "/no/such/me.key"});
  EXPECT_EQ(error.code().value(), CURLE_SSL_CERTPROBLEM);
  EXPECT_THAT(error.what(), HasSubstr("/no/such/me.key"));
}

// The name that is verified.

TEST_F(HttpClientTls, RefusesACertificateForAnotherName) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_name_});
  EXPECT_EQ(failure(relay.url(), {.ca_file = ca_}).code().value(), CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(HttpClientTls, ServerNameIsVerifiedAndSentInPlaceOfTheHost) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_name_});
  EXPECT_EQ(get(relay.url() + "/a/../b?c=d", {.ca_file = ca_, .server_name = kName}).status, 200);
  EXPECT_EQ(relay.handshakes().at(0).server_name, kName);
  EXPECT_EQ(server_.requests().at(0).target, "/a/../b?c=d");
  EXPECT_EQ(server_.requests().at(0).header("host"), "127.0.0.1:" + std::to_string(relay.port()));

  const sd::HttpError error = failure(relay.url(), {.ca_file = ca_, .server_name = "other.example"});
  EXPECT_EQ(error.code().value(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_THAT(error.what(), HasSubstr("GET " + relay.url() + "/:"));  // as the caller knows it
  EXPECT_THAT(error.what(), HasSubstr("other.example"));
}

TEST_F(HttpClientTls, ServerNameLeavesACallersHostHeaderAlone) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_name_});
  sd::HttpRequest request{
      .url = relay.url(), .headers = {{"HOST", "mine"}}, .tls = {.ca_file = ca_, .server_name = kName}};
  run(context_, client_.perform(std::move(request)));
  EXPECT_EQ(server_.requests().at(0).header("host"), "mine");
}

TEST_F(HttpClientTls, ServerNameMayBeAnAddress) {
  const Identity identity =
      make_certificate({.subject_alternative_names = {"IP:10.9.8.7", "IP:2001:db8::1"}}, &authority_);
  const TlsRelay relay(context_, server_.port(), {.identity = identity});
  EXPECT_EQ(get(relay.url(), {.ca_file = ca_, .server_name = "10.9.8.7"}).status, 200);
  EXPECT_EQ(get(relay.url(), {.ca_file = ca_, .server_name = "2001:db8::1"}).status, 200);
  EXPECT_EQ(failure(relay.url(), {.ca_file = ca_, .server_name = "2001:db8::2"}).code().value(),
            CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(HttpClientTls, OneServerNameAtTwoPlacesIsTwoConnections) {
  testing::ScriptedHttpServer second(context_);
  const TlsRelay relay(context_, server_.port(), {.identity = for_name_});
  const TlsRelay other(context_, second.port(), {.identity = for_name_});
  const sd::HttpTls tls{.ca_file = ca_, .server_name = kName};
  for (int i = 0; i < 2; ++i) {
    get(relay.url(), tls);
    get(other.url(), tls);
  }
  EXPECT_EQ(server_.requests().size(), 2u);
  EXPECT_EQ(second.requests().size(), 2u);
  EXPECT_EQ(relay.handshakes().size(), 1u);
}

TEST_F(HttpClientTls, ServerNameMeansNothingToPlainHttp) {
  EXPECT_EQ(get(server_.url(), {.server_name = kName}).status, 200);
  EXPECT_EQ(server_.requests().at(0).header("host"), "127.0.0.1:" + std::to_string(server_.port()));
}

// As whom it comes.

TEST_F(HttpClientTls, SendsItsCertificate) {
  const TlsRelay relay(context_, server_.port(),
                       {.identity = for_address_, .client_authority = authority_.certificate});
  EXPECT_EQ(get(relay.url(), {.ca_file = ca_, .certificate_file = my_certificate_, .key_file = my_key_}).status, 200);
  EXPECT_EQ(relay.handshakes().at(0).client, "me");
}

TEST_F(HttpClientTls, WithoutTheCertificateThatTheServerWantsThereIsNoAnswer) {
  const TlsRelay relay(context_, server_.port(),
                       {.identity = for_address_, .client_authority = authority_.certificate});
  const sd::HttpError error = failure(relay.url(), {.ca_file = ca_});
  EXPECT_THAT(error.what(), HasSubstr("alert"));
  EXPECT_EQ(server_.connections(), 0u);
  EXPECT_EQ(relay.failed_handshakes(), 1u);
}

TEST_F(HttpClientTls, ConnectionsOfDifferentIdentitiesAreKeptApart) {
  const Identity you = make_certificate({.common_name = "you"}, &authority_);
  const std::string certificate = folder_.write("you.pem", you.certificate);
  const std::string key = folder_.write("you.key", you.key);
  const TlsRelay relay(context_, server_.port(),
                       {.identity = for_address_, .client_authority = authority_.certificate});
  for (int i = 0; i < 2; ++i) {
    get(relay.url(), {.ca_file = ca_, .certificate_file = my_certificate_, .key_file = my_key_});
    get(relay.url(), {.ca_file = ca_, .certificate_file = certificate, .key_file = key});
  }
  ASSERT_EQ(relay.handshakes().size(), 2u);
  EXPECT_EQ(relay.handshakes()[0].client, "me");
  EXPECT_EQ(relay.handshakes()[1].client, "you");
  failure(relay.url(), {.ca_file = ca_});
}

TEST_F(HttpClientTls, RefusesACertificateWithoutItsKeyAndTheOtherWayRound) {
  EXPECT_THAT(refusal("https://127.0.0.1:1", {.certificate_file = my_certificate_}), HasSubstr("go together"));
  EXPECT_THAT(refusal("https://127.0.0.1:1", {.key_file = my_key_}), HasSubstr("go together"));
}

// OpenSSL would ask for it at the terminal, and the loop would wait.
TEST_F(HttpClientTls, AKeyWithAPassphraseIsAnError) {
  const std::string key = folder_.write("locked.key", testing::encrypt_key(me_.key, "passphrase"));
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  const sd::HttpError error =
      failure(relay.url(), {.ca_file = ca_, .certificate_file = my_certificate_, .key_file = key});
  EXPECT_EQ(error.code().value(), CURLE_SSL_CERTPROBLEM);
  EXPECT_THAT(error.what(), HasSubstr(key));
}

TEST_F(HttpClientTls, RefusesWhatCannotBeANameOrPath) {
  const std::string zero("/etc/ca\0.pem", 12);
  const std::string url = "https://127.0.0.1:1";
  EXPECT_THAT(refusal(url, {.ca_file = zero}), HasSubstr("tls.ca_file"));
  EXPECT_THAT(refusal(url, {.ca_path = zero}), HasSubstr("tls.ca_path"));
  EXPECT_THAT(refusal(url, {.certificate_file = zero, .key_file = "k"}), HasSubstr("tls.certificate_file"));
  EXPECT_THAT(refusal(url, {.certificate_file = "c", .key_file = zero}), HasSubstr("tls.key_file"));
  for (const std::string& name : {std::string("a b"), std::string("a/b"), std::string("a\0b", 3)}) {
    EXPECT_THAT(refusal(url, {.server_name = name}), HasSubstr("tls.server_name"));
  }
}

// What goes over the wire.

TEST_F(HttpClientTls, SpeaksHttp1WhereHttp2IsOffered) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  get(relay.url(), {.ca_file = ca_});
  EXPECT_EQ(relay.handshakes().at(0).protocol, "http/1.1");
}

TEST_F(HttpClientTls, ReusesItsConnection) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  for (int i = 0; i < 3; ++i) get(relay.url(), {.ca_file = ca_});
  EXPECT_EQ(relay.handshakes().size(), 1u);
}

TEST_F(HttpClientTls, PlainHttpAtTheTlsPortIsAnError) {
  const TlsRelay relay(context_, server_.port(), {.identity = for_address_});
  const std::string url = "http://127.0.0.1:" + std::to_string(relay.port());
  EXPECT_NE(failure(url, {}).code().value(), CURLE_OK);
  EXPECT_EQ(relay.failed_handshakes(), 1u);
}

TEST_F(HttpClientTls, TlsAtAPlainPortIsAnError) {
  server_.answer(Answer::cut_off("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
  const std::string url = "https://127.0.0.1:" + std::to_string(server_.port());
  EXPECT_NE(failure(url, {.ca_file = ca_}).code().value(), CURLE_OK);
}

// Unix sockets.

class HttpClientUnix : public HttpClientTls {
 protected:
  sd::HttpResponse get_over(const std::string& socket, const std::string& url = "http://localhost/v1/x?y=z") {
    sd::HttpRequest request{.url = url, .unix_socket = socket};
    return run(context_, client_.perform(std::move(request)));
  }
};

TEST_F(HttpClientUnix, ConnectsToTheSocketInPlaceOfTheHost) {
  const std::string path = folder_.path_of("agent.sock");
  const UnixRelay relay(context_, server_.port(), path);
  server_.answer(Answer::status(200, "by socket"));
  EXPECT_EQ(get_over(path, "http://no.such.host.invalid:1/v1/x?y=z").body, "by socket");
  EXPECT_EQ(server_.requests().at(0).target, "/v1/x?y=z");
  EXPECT_EQ(server_.requests().at(0).header("host"), "no.such.host.invalid:1");
  sd::HttpRequest put{
      .method = "PUT", .url = "http://localhost/", .body = std::string(100'000, 'x'), .unix_socket = path};
  EXPECT_EQ(run(context_, client_.perform(std::move(put))).status, 200);
  EXPECT_EQ(server_.requests().at(1).body.size(), 100'000u);
}

TEST_F(HttpClientUnix, ReusesItsConnection) {
  const std::string path = folder_.path_of("agent.sock");
  const UnixRelay relay(context_, server_.port(), path);
  for (int i = 0; i < 3; ++i) get_over(path);
  EXPECT_EQ(relay.connections(), 1u);
}

TEST_F(HttpClientUnix, ConnectionsOfDifferentSocketsAreKeptApart) {
  testing::ScriptedHttpServer second(context_);
  const UnixRelay relay(context_, server_.port(), folder_.path_of("a.sock"));
  const UnixRelay other(context_, second.port(), folder_.path_of("b.sock"));
  testing::ScriptedHttpServer third(context_);
  for (int i = 0; i < 2; ++i) {
    get_over(folder_.path_of("a.sock"), third.url());
    get_over(folder_.path_of("b.sock"), third.url());
    get(third.url(), {});
  }
  EXPECT_EQ(server_.requests().size(), 2u);
  EXPECT_EQ(second.requests().size(), 2u);
  EXPECT_EQ(third.requests().size(), 2u);
}

TEST_F(HttpClientUnix, AMissingSocketIsAnError) {
  try {
    get_over(folder_.path_of("none.sock"));
    FAIL();
  } catch (const sd::HttpError& error) {
    EXPECT_EQ(error.code().value(), CURLE_COULDNT_CONNECT);
    EXPECT_THAT(error.what(), HasSubstr(folder_.path_of("none.sock")));
  }
}

TEST_F(HttpClientUnix, APathMayBeAsLongAsTheSystemHasIt) {
  const std::string folder = folder_.path();
  const std::size_t limit = sizeof(sockaddr_un::sun_path) - 1;
  for (const std::size_t length : {limit - 1, limit}) {
    const std::string path = folder + "/" + std::string(length - folder.size() - 1, 's');
    const UnixRelay relay(context_, server_.port(), path);
    EXPECT_EQ(get_over(path).status, 200) << length;
  }
  EXPECT_THROW(get_over(folder + "/" + std::string(limit - folder.size(), 's')), std::invalid_argument);
  EXPECT_THROW(get_over(std::string("/tmp/a\0b", 8)), std::invalid_argument);
}

}  // namespace
}  // namespace prometheus_async
