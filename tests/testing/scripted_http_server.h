// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server that answers what the test tells it to, wrong and broken answers included, and remembers what it was
// asked. It runs on the test's io_context, so a test and its server take turns on one thread.
//
//     testing::ScriptedHttpServer server(context);
//     server.answer(Answer::status(403, "Permission denied"));
//     ... request server.url() + "/v1/agent" ...
//     EXPECT_EQ(server.requests().at(0).target, "/v1/agent");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_SCRIPTED_HTTP_SERVER_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_SCRIPTED_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace prometheus_async::testing {

struct Answer {
  enum class Then {
    kServe,    // the next request of the connection
    kClose,    // the connection
    kHold,     // say nothing more until the client closes
    kReset,    // the connection, with a TCP reset
    kForever,  // send the bytes again and again until the client closes
    kDribble,  // the same, a byte every 5 ms
  };

  std::string head;   // sent once
  std::string bytes;  // sent after it
  Then then = Then::kServe;

  // A complete answer; `headers` are whole lines, each with its "\r\n".
  static Answer status(int status, const std::string& body = "", const std::string& headers = "");
  static Answer silence() { return {"", "", Then::kHold}; }
  // These bytes and the end of the connection.
  static Answer cut_off(const std::string& bytes) { return {"", bytes, Then::kClose}; }
  // These bytes and a reset.
  static Answer reset(const std::string& bytes) { return {bytes, "", Then::kReset}; }
  // These bytes and no more.
  static Answer stuck(const std::string& bytes) { return {bytes, "", Then::kHold}; }
  // A 200 whose chunked body never ends.
  static Answer endless_body();
  // A 200 with header after header.
  static Answer endless_headers();
};

struct ReceivedRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // by lower-case name
  std::string body;
  std::size_t connection;  // counted from 0

  // The value of the header of that lower-case name, if it was sent.
  std::optional<std::string> header(const std::string& name) const;
};

// Lifetime: destroyed before the io_context; its connections close with it.
class ScriptedHttpServer {
 public:
  explicit ScriptedHttpServer(boost::asio::io_context& context);  // listens on a free port of 127.0.0.1
  ScriptedHttpServer(const ScriptedHttpServer&) = delete;
  ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;
  ~ScriptedHttpServer();

  std::uint16_t port() const;
  std::string url() const;  // without a slash at its end

  // The answer to the next request that has none yet. Without one, a request gets 200 and an empty body.
  void answer(Answer answer);
  // What answers in place of that 200, for a server with a state of its own.
  void answer_by(std::function<boost::asio::awaitable<Answer>(const ReceivedRequest&)> answer);

  // Closes the listening socket and every connection; the port stays this server's to listen on again.
  void stop();
  void start();

  const std::vector<ReceivedRequest>& requests() const;  // in the order of arrival
  std::size_t connections() const;                       // accepted up to now
  std::size_t open_connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_SCRIPTED_HTTP_SERVER_H_
