// SPDX-License-Identifier: Apache-2.0
//
// A client that sends the bytes it is told to, and none else.
//
//   RawClient client(server.address());
//   client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
//   EXPECT_EQ(client.read_response().status, 200);
//   EXPECT_EQ(client.read_to_end(), "");
#ifndef PROMETHEUS_ASYNC_AIO_WEB_TESTING_RAW_CLIENT_H_
#define PROMETHEUS_ASYNC_AIO_WEB_TESTING_RAW_CLIENT_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "aio/net/address.h"

namespace prometheus_async::aio::web::testing {

struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Blocking. A peer that says nothing for 20 s, far more than any deadline in a test, ends a call with an exception
// instead of hanging it, and so does a peer that breaks the protocol.
class RawClient {
 public:
  // A receive buffer other than 0 is asked for before connecting: a small one makes a slow reader.
  explicit RawClient(const net::Address& server, int receive_buffer = 0);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  // An error of sending is no error of the test: the server may have closed.
  void send(std::string_view bytes);
  void shutdown_send();

  // One response, as long as its Content-Length says; without a body if it answers HEAD.
  RawResponse read_response(bool answers_head = false);
  // All that comes up to `end`, which it ends with.
  std::string read_until(std::string_view end);
  // All that comes until the server closes.
  std::string read_to_end();
  // Whether the server's way to close was a reset, once read_to_end() was called.
  bool was_reset() const { return was_reset_; }

 private:
  // False at the end.
  bool read_some();

  int socket_ = -1;
  std::string unread_;
  bool was_reset_ = false;
};

// Whether something listens there.
bool can_connect(const net::Address& server);

}  // namespace prometheus_async::aio::web::testing

#endif  // PROMETHEUS_ASYNC_AIO_WEB_TESTING_RAW_CLIENT_H_
