// SPDX-License-Identifier: Apache-2.0
// A server behind a web configuration file that changes while it serves.

#include "aio/web/web_config_file.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "aio/net/address.h"
#include "aio/net/file_watch.h"
#include "aio/net/reloading.h"
#include "aio/net/tls.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/basic_auth_verifier.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/web_config.h"
#include "metrics/registry.h"
#include "tests/testing/certificates.h"
#include "tests/testing/child_process.h"
#include "tests/testing/error_of.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::error_of;
using prometheus_async::testing::Identity;
using prometheus_async::testing::make_certificate;
using prometheus_async::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Of "alpha" and "beta", at the lowest cost.
constexpr char kAlice[] = "basic_auth_users:\n  alice: $2b$04$abcdefghijklmnopqrstuumI1j9xJ4nLZuC0bcNntAKeAUIKg94di\n";
constexpr char kBob[] = "basic_auth_users:\n  bob: $2b$04$abcdefghijklmnopqrstuu.9KFyR/0UvxStcSSti4azbT5Q7IHr1.\n";
constexpr char kAliceAlpha[] = "Authorization: Basic YWxpY2U6YWxwaGE=\r\n";
constexpr char kBobBeta[] = "Authorization: Basic Ym9iOmJldGE=\r\n";
constexpr char kTls[] = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

// A clock and a log that server and test share.
class Surroundings {
 public:
  net::ReloadOptions reload() {
    return {.log =
                [this](std::string_view line) {
                  const std::lock_guard<std::mutex> lock(mutex_);
                  log_.emplace_back(line);
                },
            .now = [this] { return net::ReloadOptions::Clock::time_point(now_.load()); }};
  }
  void advance(std::chrono::nanoseconds by) { now_ = now_.load() + by; }
  std::vector<std::string> log() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }

 private:
  std::atomic<std::chrono::nanoseconds> now_ = std::chrono::nanoseconds(1h);
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
};

// An application with one page, behind a file, in a thread of its own.
class FileServer {
 public:
  explicit FileServer(const WebConfigFile& file) {
    Application app;
    file.apply(app);
    app.router().add_get("/", [](Request& request) { return text(request.is_secure() ? "secure" : "plain"); });
    runner_.emplace(io_context_.get_executor(), std::move(app));
    SiteOptions options;
    options.tls = file.tls_provider();
    auto listening =
        asio::co_spawn(io_context_, runner_->tcp_site("127.0.0.1", 0, std::move(options)), asio::use_future);
    thread_ = std::jthread([this] { io_context_.run(); });
    listening.get();
    address_ = runner_->addresses().front();
  }
  ~FileServer() {
    asio::co_spawn(io_context_, runner_->cleanup(), asio::use_future).get();
    work_.reset();
  }

  const net::Address& address() const { return address_; }

 private:
  asio::io_context io_context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::optional<AppRunner> runner_;
  net::Address address_;
  std::jthread thread_;
};

// Keeps its connection; blocking.
class TlsClient {
 public:
  explicit TlsClient(const net::Address& server) {
    stream_.next_layer().connect({asio::ip::make_address(server.host), server.port});
    stream_.handshake(asio::ssl::stream_base::client);
  }

  // The head and body of an answer whose body has no line end.
  std::string get(std::string_view headers = {}) {
    asio::write(stream_, asio::buffer("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n"));
    std::string answer;
    asio::read_until(stream_, asio::dynamic_buffer(answer), "secure");
    return answer;
  }
  std::string name() {
    X509* const certificate = SSL_get1_peer_certificate(stream_.native_handle());
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }

 private:
  asio::io_context io_context_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  asio::ssl::stream<asio::ip::tcp::socket> stream_{io_context_, context_};
};

class WebConfigFileTest : public ::testing::Test {
 protected:
  void write(std::string_view yaml) { folder_.write("web.yml", yaml); }
  void write(const Identity& identity) {
    folder_.write("server.pem", identity.certificate);
    folder_.write("server.key", identity.key);
  }
  WebConfigFile open(std::string_view yaml) {
    write(yaml);
    return WebConfigFile(folder_.path_of("web.yml"), surroundings_.reload());
  }
  // A second later, with a look at the file.
  void advance() { surroundings_.advance(1s); }

  RawResponse get(const FileServer& server, std::string_view headers = {}, std::string_view path = "/") {
    RawClient client(server.address());
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n");
    return client.read_response();
  }

  TemporaryFolder folder_;
  Surroundings surroundings_;
};

TEST_F(WebConfigFileTest, AnEmptyFileIsPlainHttpForAll) {
  const WebConfigFile file = open("");
  EXPECT_EQ(file.tls_provider(), nullptr);
  const FileServer server(file);
  EXPECT_EQ(get(server).body, "plain");
  EXPECT_TRUE(file.state().is_last_successful);
}

TEST_F(WebConfigFileTest, DoesNotStartWithABadOne) {
  EXPECT_EQ(error_of<std::invalid_argument>([&] { open("a: 1\n"); }),
            folder_.path_of("web.yml") + ": line 1: field a not found in the web configuration");
  EXPECT_EQ(error_of<std::invalid_argument>([&] { open(kTls); }),
            folder_.path_of("web.yml") + ": failed to read cert_file (" + folder_.path_of("server.pem") +
                "): No such file or directory");
  EXPECT_EQ(error_of<std::system_error>([&] { WebConfigFile file(folder_.path_of("none")); }),
            folder_.path_of("none") + ": No such file or directory");
}

TEST_F(WebConfigFileTest, SaysWhatHasNoEffect) {
  const WebConfigFile file = open("http_server_config: {http2: true}\n");
  EXPECT_THAT(surroundings_.log(),
              ElementsAre(folder_.path_of("web.yml") +
                          ": http_server_config: http2 has no effect, this server speaks HTTP/1.1"));
}

TEST_F(WebConfigFileTest, PutsHeadersOnEveryAnswer) {
  const WebConfigFile file = open(std::string(kAlice) + "http_server_config: {headers: {X-Frame-Options: deny}}\n");
  const FileServer server(file);
  const RawResponse page = get(server, kAliceAlpha);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("x-frame-options"), "deny");
  const RawResponse none = get(server, kAliceAlpha, "/none");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.headers.at("x-frame-options"), "deny");
  const RawResponse refused = get(server);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.at("x-frame-options"), "deny");
  EXPECT_EQ(refused.headers.at("www-authenticate"), "Basic");
}

TEST_F(WebConfigFileTest, UsersComeAndGo) {
  const WebConfigFile file = open("");
  const FileServer server(file);
  EXPECT_EQ(get(server).status, 200);
  write(kAlice);
  advance();
  EXPECT_EQ(get(server).status, 401);
  EXPECT_EQ(get(server, kAliceAlpha).status, 200);
  write(kBob);
  advance();
  EXPECT_EQ(get(server, kAliceAlpha).status, 401);
  EXPECT_EQ(get(server, kBobBeta).status, 200);
  write("");
  advance();
  EXPECT_EQ(get(server).status, 200);
}

// What was open stays closed: a file that cannot be read opens nothing.
TEST_F(WebConfigFileTest, ABrokenFileLeavesTheLastGoodOne) {
  const WebConfigFile file = open(kAlice);
  const FileServer server(file);
  write("basic_auth_users: [\n");
  for (int i = 0; i < 3; ++i) {
    advance();
    EXPECT_EQ(get(server).status, 401);
    EXPECT_EQ(get(server, kAliceAlpha).status, 200);
    EXPECT_FALSE(file.state().is_last_successful);
  }
  EXPECT_THAT(surroundings_.log(), ElementsAre(HasSubstr(folder_.path_of("web.yml") + ": line 2: ")));
  folder_.remove("web.yml");
  advance();
  EXPECT_EQ(get(server).status, 401);
  write(kBob);
  advance();
  EXPECT_EQ(get(server, kBobBeta).status, 200);
  EXPECT_TRUE(file.state().is_last_successful);
}

TEST_F(WebConfigFileTest, ShowsItsStateByTwoGauges) {
  const WebConfigFile file = open(kAlice);
  metrics::Registry registry;
  file.show_state(registry);
  file.show_state(registry, "exporter_");
  const auto value = [&](std::string_view name) { return registry.get_sample_value(name).value_or(-1); };
  EXPECT_EQ(value("config_last_reload_successful"), 1);
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const double at = value("config_last_reload_success_timestamp_seconds");
  EXPECT_GT(at, now - 60);
  EXPECT_LE(at, now);
  write("nonsense: 1\n");
  advance();
  EXPECT_EQ(value("config_last_reload_successful"), 0);
  EXPECT_EQ(value("exporter_config_last_reload_successful"), 0);
  EXPECT_EQ(value("config_last_reload_success_timestamp_seconds"), at);
  write(kBob);
  advance();
  EXPECT_EQ(value("config_last_reload_successful"), 1);
  EXPECT_GT(value("config_last_reload_success_timestamp_seconds"), at);
  EXPECT_THROW(file.show_state(registry), std::invalid_argument);
}

TEST_F(WebConfigFileTest, LimitsRequestsBeforeItAsksForPasswords) {
  const WebConfigFile file = open(std::string(kAlice) + "rate_limit: {interval: 1500ms, burst: 2}\n");
  const FileServer server(file);
  EXPECT_EQ(get(server).status, 401);
  EXPECT_EQ(get(server, kAliceAlpha).status, 200);
  const RawResponse limited = get(server, kAliceAlpha);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.at("retry-after"), "2");
  surroundings_.advance(1500ms);
  EXPECT_EQ(get(server, kAliceAlpha).status, 200);
  EXPECT_EQ(get(server, kAliceAlpha).status, 429);
}

// Another version of the file is no way to get more requests.
TEST_F(WebConfigFileTest, ALimitThatStaysKeepsItsCount) {
  const WebConfigFile file = open("rate_limit: {interval: 1h, burst: 1}\n");
  const FileServer server(file);
  EXPECT_EQ(get(server).status, 200);
  write("rate_limit: {interval: 1h, burst: 1}\n# another version\n");
  advance();
  EXPECT_EQ(get(server).status, 429);
  write("rate_limit: {interval: 1h, burst: 2}\n");
  advance();
  EXPECT_EQ(get(server).status, 200);
}

TEST_F(WebConfigFileTest, ServesTlsAndANewCertificateWithoutARestart) {
  write(make_certificate({.common_name = "first"}));
  const WebConfigFile file = open(kTls);
  const FileServer server(file);
  TlsClient old(server.address());
  EXPECT_EQ(old.name(), "first");
  EXPECT_THAT(old.get(), HasSubstr("200 OK"));

  write(make_certificate({.common_name = "second"}));
  advance();
  TlsClient fresh(server.address());
  EXPECT_EQ(fresh.name(), "second");
  EXPECT_THAT(fresh.get(), HasSubstr("200 OK"));
  EXPECT_THAT(old.get(), HasSubstr("200 OK"));
  EXPECT_THAT(surroundings_.log(), IsEmpty());
}

// Another section of the file, for the connections that there are.
TEST_F(WebConfigFileTest, HeadersOfOldConnectionsAreNew) {
  write(make_certificate());
  const WebConfigFile file = open(kTls);
  const FileServer server(file);
  TlsClient client(server.address());
  EXPECT_THAT(client.get(), Not(HasSubstr("X-Frame-Options")));
  write(std::string(kTls) + "http_server_config: {headers: {X-Frame-Options: deny}}\n");
  advance();
  EXPECT_THAT(client.get(), HasSubstr("X-Frame-Options: deny"));
}

TEST_F(WebConfigFileTest, ABrokenCertificateLeavesTheLastGoodOne) {
  write(make_certificate({.common_name = "first"}));
  const WebConfigFile file = open(kTls);
  const FileServer server(file);
  folder_.write("server.pem", "junk");
  advance();
  EXPECT_EQ(TlsClient(server.address()).name(), "first");
  EXPECT_FALSE(file.state().is_last_successful);
  EXPECT_THAT(surroundings_.log(), ElementsAre(HasSubstr("no certificate in it")));
}

// The file comes first, what it names later.
TEST_F(WebConfigFileTest, WaitsForTheFilesThatANewVersionNames) {
  write(make_certificate({.common_name = "first"}));
  const WebConfigFile file = open(kTls);
  const FileServer server(file);
  write("tls_server_config:\n  cert_file: new.pem\n  key_file: new.key\n");
  advance();
  EXPECT_EQ(TlsClient(server.address()).name(), "first");
  EXPECT_FALSE(file.state().is_last_successful);
  const Identity second = make_certificate({.common_name = "second"});
  folder_.write("new.pem", second.certificate);
  folder_.write("new.key", second.key);
  advance();
  EXPECT_EQ(TlsClient(server.address()).name(), "second");
  EXPECT_TRUE(file.state().is_last_successful);
}

TEST_F(WebConfigFileTest, GoingFromTlsToPlainTakesARestart) {
  write(make_certificate({.common_name = "first"}));
  const WebConfigFile file = open(kTls);
  const FileServer server(file);
  write("");
  advance();
  EXPECT_EQ(TlsClient(server.address()).name(), "first");
  EXPECT_FALSE(file.state().is_last_successful);
  EXPECT_THAT(surroundings_.log(),
              ElementsAre("not reloaded, the last good one is used: " + folder_.path_of("web.yml") +
                          ": going from TLS to plain HTTP or back takes a restart"));
}

TEST_F(WebConfigFileTest, GoingFromPlainToTlsTakesARestart) {
  write(make_certificate());
  const WebConfigFile file = open("");
  const FileServer server(file);
  write(kTls);
  advance();
  EXPECT_EQ(get(server).body, "plain");
  EXPECT_FALSE(file.state().is_last_successful);
}

TEST_F(WebConfigFileTest, CurrentIsTheLatest) {
  const WebConfigFile file = open(kAlice);
  const std::shared_ptr<const WebConfig> before = file.current();
  EXPECT_TRUE(before->users.contains("alice"));
  write(kBob);
  EXPECT_EQ(file.current(), before);
  advance();
  EXPECT_TRUE(file.current()->users.contains("bob"));
  EXPECT_TRUE(before->users.contains("alice"));
}

// A client certificate that is asked for, and everything else at once.
TEST_F(WebConfigFileTest, CurlWithACertificateAndAPassword) {
  const Identity ca = make_certificate({.common_name = "CA", .is_authority = true});
  write(make_certificate({.common_name = "127.0.0.1", .subject_alternative_names = {"IP:127.0.0.1"}}, &ca));
  folder_.write("ca.pem", ca.certificate);
  const Identity client = make_certificate({.subject_alternative_names = {"DNS:prometheus.example"}}, &ca);
  folder_.write("client.pem", client.certificate);
  folder_.write("client.key", client.key);
  const Identity other = make_certificate({.subject_alternative_names = {"DNS:other.example"}}, &ca);
  folder_.write("other.pem", other.certificate);
  folder_.write("other.key", other.key);
  const WebConfigFile file = open(std::string(kTls) +
                                  "  client_auth_type: RequireAndVerifyClientCert\n"
                                  "  client_ca_file: ca.pem\n"
                                  "  client_allowed_sans: [prometheus.example]\n" +
                                  kAlice);
  const FileServer server(file);
  const auto curl = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"curl",        "--silent",    "--noproxy", "*",
                                          "--max-time",  "20",          "--cacert",  folder_.path_of("ca.pem"),
                                          "--write-out", "%{http_code}"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back("https://" + server.address().to_string() + "/");
    ChildProcess process(arguments);
    process.wait_for_exit();
    return process.output();
  };
  const std::string pem = folder_.path_of("client.pem");
  const std::string key = folder_.path_of("client.key");
  EXPECT_EQ(curl({"--cert", pem, "--key", key, "--user", "alice:alpha"}), "secure200");
  EXPECT_EQ(curl({"--cert", pem, "--key", key}), "Unauthorized\n401");
  EXPECT_EQ(curl({"--user", "alice:alpha"}), "000");
  EXPECT_EQ(
      curl({"--cert", folder_.path_of("other.pem"), "--key", folder_.path_of("other.key"), "--user", "alice:alpha"}),
      "000");
}

// --- The examples of the headers that this stands on.

[[maybe_unused]] asio::awaitable<void> serve_by_file(AppRunner& runner, Application& app) {
  const WebConfigFile file("web.yml");
  file.apply(app);
  net::TlsProvider tls = file.tls_provider();
  SiteOptions options;
  options.tls = std::move(tls);
  co_await runner.tcp_site("::", 9100, std::move(options));
}

TEST(Examples, FileWatchAndReloading) {
  const TemporaryFolder folder;
  const std::string path = folder.write("config.yml", "text");
  net::FileWatch watch({path});
  EXPECT_TRUE(watch.look());
  net::Reloading<const std::string> config({path}, [](const std::vector<net::WatchedFile>& files) {
    return std::make_shared<const std::string>(files.front().content);
  });
  const std::shared_ptr<const std::string> now = config.current();
  EXPECT_EQ(*now, "text");
}

TEST(Examples, TlsAndWebConfig) {
  const TemporaryFolder folder;
  const Identity identity = make_certificate();
  const std::string cert_file = folder.write("server.pem", identity.certificate);
  const std::string key_file = folder.write("server.key", identity.key);
  const net::TlsCredentials tls({.cert_file = cert_file, .key_file = key_file});
  EXPECT_NE(tls.provider()(), nullptr);
  const WebConfig config = load_web_config(folder.write("web.yml", kTls));
  ASSERT_TRUE(config.tls);
  EXPECT_NE(net::TlsCredentials(*config.tls).provider()(), nullptr);
}

TEST(Examples, BasicAuthVerifier) {
  const BasicAuthUsers users = {{"alice", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"}};
  BasicAuthVerifier verifier(users);
  EXPECT_TRUE(verifier.check("alice", "fakepassword"));
  EXPECT_EQ(verifier.recall("alice", "fakepassword"), true);
}

}  // namespace
}  // namespace prometheus_async::aio::web
