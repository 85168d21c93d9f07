// SPDX-License-Identifier: Apache-2.0
//
// A client that is bound to one server: what a test asks is what any HTTP client would, over real connections.
//
//   TestServer server(std::move(app));
//   TestClient client(server.url("/"));
//   EXPECT_EQ(client.get("/users/3").status, 200);
//   EXPECT_EQ(client.post("/users", "name=Ada").headers.get("Location"), "/users/4");
#ifndef PROMETHEUS_ASYNC_AIO_WEB_TESTING_TEST_CLIENT_H_
#define PROMETHEUS_ASYNC_AIO_WEB_TESTING_TEST_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>

#include "aio/http/headers.h"
#include "aio/web/testing/client_response.h"

namespace prometheus_async::aio::web::testing {

// libcurl's easy interface. Keeps its connection alive between requests. Redirects are answers, cookies are not kept,
// and no proxy is used.
//
// Blocking: the server runs in another thread. Any number of clients; each is used by one thread at a time. A server
// that says nothing for 20 s ends the call with an exception. All throw std::runtime_error, with libcurl's words, for
// whatever is no complete answer.
class TestClient {
 public:
  struct Options {
    // PEM of the certificates that HTTPS may be signed with; empty: the system's.
    std::string ca = {};
  };

  // Targets are added to the scheme and authority of `url`, whose path is dropped.
  explicit TestClient(std::string_view url, const Options& options);
  explicit TestClient(std::string_view url) : TestClient(url, Options()) {}
  ~TestClient();

  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  ClientResponse get(std::string_view target, const http::Headers& headers = {}) {
    return request("GET", target, {}, headers);
  }
  ClientResponse head(std::string_view target, const http::Headers& headers = {}) {
    return request("HEAD", target, {}, headers);
  }
  // Without a Content-Type among `headers` a form's, application/x-www-form-urlencoded, is sent.
  ClientResponse post(std::string_view target, std::string_view body, const http::Headers& headers = {}) {
    return request("POST", target, body, headers);
  }
  ClientResponse request(const std::string& method, std::string_view target, std::string_view body = {},
                         const http::Headers& headers = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prometheus_async::aio::web::testing

#endif  // PROMETHEUS_ASYNC_AIO_WEB_TESTING_TEST_CLIENT_H_
