// SPDX-License-Identifier: Apache-2.0

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "aio/web/threaded_metrics_server.h"
#include "tests/testing/tls_context.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;

// Speaks TLS; blocking.
class TlsClient {
 public:
  explicit TlsClient(const net::Address& server) {
    stream_.next_layer().connect({asio::ip::make_address(server.host), server.port});
    stream_.handshake(asio::ssl::stream_base::client);
  }

  void send(std::string_view bytes) { asio::write(stream_, asio::buffer(bytes)); }

  // All that comes until the server ends TLS as it should; fails the test if it is cut off.
  std::string read_to_end() {
    std::string all;
    boost::system::error_code error;
    asio::read(stream_, asio::dynamic_buffer(all), error);
    EXPECT_EQ(error, asio::error::eof) << error.message();
    return all;
  }

 private:
  asio::io_context io_context_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  asio::ssl::stream<tcp::socket> stream_{io_context_, context_};
};

Application hello() {
  Application app;
  app.router().add_get("/", [](Request& request) { return text(request.is_secure() ? "secure" : "plain"); });
  app.router().add_get("/big", [](Request&) { return text(std::string(1 << 20, 'x')); });
  return app;
}

TEST(Tls, Serves) {
  TestServer server(hello(), {}, prometheus_async::testing::make_tls_context());
  TlsClient client(server.address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_NE(answer.find("\r\n\r\nsecureHTTP/1.1 200 OK\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with(std::string(1 << 20, 'x')));
}

// One that can be read, though the client is still sending.
TEST(Tls, HasAnAnswerForPlainHttp) {
  TestServer server(hello(), {}, prometheus_async::testing::make_tls_context());
  for (const std::string method : {"GET", "HEAD", "POST", "PUT"}) {
    RawClient client(server.address());
    client.send(method + " / HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(100'000, 'x'));
    client.shutdown_send();
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n400: plain HTTP on a port for HTTPS")) << answer;
    EXPECT_FALSE(client.was_reset()) << method;
  }
}

TEST(Tls, ResetsWhatIsNoHandshake) {
  TestServer server(hello(), {}, prometheus_async::testing::make_tls_context());
  for (const std::string bytes : {"SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01", "GETA / HTTP/1.1\r\n\r\n"}) {
    RawClient client(server.address());
    client.send(bytes);
    client.shutdown_send();
    EXPECT_EQ(client.read_to_end().find("HTTP"), std::string::npos) << bytes;
  }
}

TEST(Tls, WaitsForAHandshakeNoLongerThanItsDeadline) {
  TestServer server(hello(), {.timeouts = {.tls_handshake = 50ms}}, prometheus_async::testing::make_tls_context());
  RawClient client(server.address());
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Tls, StopsWithIdleConnections) {
  TestServer server(hello(), {}, prometheus_async::testing::make_tls_context());
  TlsClient client(server.address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(client.read_to_end().find("secure"), std::string::npos);
  TlsClient idle(server.address());
  server.stop().get();
}

TEST(Tls, IsSaidInTheUrl) {
  auto server =
      start_http_server_in_thread({.addr = "127.0.0.1", .ssl_context = prometheus_async::testing::make_tls_context()});
  EXPECT_TRUE(server.https());
  EXPECT_EQ(server.url(), "https://" + server.socket().to_string() + "/");
  EXPECT_EQ(server.metrics_url(), "https://" + server.socket().to_string() + "/metrics");
  TlsClient client(server.socket());
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(client.read_to_end().find("200 OK"), std::string::npos);
}

}  // namespace
}  // namespace prometheus_async::aio::web
