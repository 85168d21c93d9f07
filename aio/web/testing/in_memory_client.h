// SPDX-License-Identifier: Apache-2.0
//
// Asks an application without sockets or threads: routes, middlewares, handlers and streams run as they do behind a
// server, in the calling thread and in no time.
//
//   InMemoryClient client(std::move(app));
//   EXPECT_EQ(client.get("/users/3").body, "Ada");
#ifndef PROMETHEUS_ASYNC_AIO_WEB_TESTING_IN_MEMORY_CLIENT_H_
#define PROMETHEUS_ASYNC_AIO_WEB_TESTING_IN_MEMORY_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "aio/http/headers.h"
#include "aio/web/application.h"
#include "aio/web/testing/client_response.h"

namespace prometheus_async::aio::web::testing {

// One request at a time; each runs the loop until its handler has returned, so that a handler that waits for something
// else than time or the loop hangs. What a connection adds, Date, Content-Length, framing, is not there, and no limit
// or deadline applies. The peer is 192.0.2.1:50000.
//
// Threads: one at a time.
class InMemoryClient {
 public:
  // Freezes the application and calls its cleanup_ctx and on_startup. Throws what these throw.
  explicit InMemoryClient(Application app);
  // Calls on_shutdown and on_cleanup. An exception of theirs ends the program: close() throws them.
  ~InMemoryClient();

  InMemoryClient(const InMemoryClient&) = delete;
  InMemoryClient& operator=(const InMemoryClient&) = delete;

  ClientResponse get(std::string_view target, const http::Headers& headers = {}) {
    return request("GET", target, {}, headers);
  }
  ClientResponse head(std::string_view target, const http::Headers& headers = {}) {
    return request("HEAD", target, {}, headers);
  }
  ClientResponse post(std::string_view target, std::string_view body, const http::Headers& headers = {}) {
    return request("POST", target, body, headers);
  }
  // Throws what the handler throws, where a server would answer with 500, and std::invalid_argument for a target that
  // is refused before any handler.
  ClientResponse request(std::string_view method, std::string_view target, std::string_view body = {},
                         const http::Headers& headers = {});

  // As the destructor; a second call does nothing.
  void close();

  boost::asio::io_context& io_context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prometheus_async::aio::web::testing

#endif  // PROMETHEUS_ASYNC_AIO_WEB_TESTING_IN_MEMORY_CLIENT_H_
