// SPDX-License-Identifier: Apache-2.0
//
// A request without a connection, for tests of what sits behind one.
//
//   FakeRequest request("POST", "/echo", "hello");
//   EXPECT_EQ(get_now(handler(request.request())).body, "hello");
#ifndef PROMETHEUS_ASYNC_TESTS_AIO_WEB_FAKE_REQUEST_H_
#define PROMETHEUS_ASYNC_TESTS_AIO_WEB_FAKE_REQUEST_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "aio/http/headers.h"
#include "aio/http/request_parser.h"
#include "aio/net/http_connection.h"
#include "aio/web/request.h"

namespace prometheus_async::testing {

// What is answered through the exchange, by a stream, is kept: status, headers, and the body's pieces.
class FakeRequest final : private aio::net::HttpExchange {
 public:
  // The body comes in pieces of one byte.
  FakeRequest(std::string_view method, std::string_view target, std::string_view body = {}) : body_(body) {
    head_.method = method;
    head_.content_length = body.size();
    if (!head_.target.assign(method, target).ok()) throw std::invalid_argument("target " + std::string(target));
    request_.emplace(static_cast<aio::net::HttpExchange&>(*this));
  }

  aio::http::RequestHead& head() { return head_; }
  aio::web::Request& request() { return *request_; }

  // The client leaves; the server is asked to stop.
  void leave() {
    is_lost_ = true;
    if (const auto callback = std::exchange(on_disconnect_, nullptr)) callback();
  }
  void stop() {
    is_stopping_ = true;
    if (const auto callback = std::exchange(on_stop_, nullptr)) callback();
  }

  std::optional<int> status;
  aio::http::Headers answer_headers;
  std::optional<std::uint64_t> content_length;
  std::string written;
  int pieces = 0;
  bool is_finished = false;

 private:
  const aio::http::RequestHead& head() const override { return head_; }
  const aio::net::Address& peer() const override { return peer_; }
  bool is_secure() const override { return false; }
  boost::asio::any_io_executor get_executor() override { return io_context_.get_executor(); }

  boost::asio::awaitable<std::string_view> read_some() override {
    const std::string_view rest = std::string_view(body_).substr(given_);
    given_ += rest.empty() ? 0 : 1;
    co_return rest.substr(0, 1);
  }

  boost::asio::awaitable<void> respond(aio::http::Status code, const aio::http::Headers& headers,
                                       std::string_view body) override {
    respond_now(code, headers, body);
    return nothing();
  }
  void respond_now(aio::http::Status code, const aio::http::Headers& headers, std::string_view body) override {
    begin(code, headers, body.size());
    written.append(body);
    is_finished = true;
  }
  void begin(aio::http::Status code, const aio::http::Headers& headers, std::optional<std::uint64_t> length) override {
    if (status) throw std::logic_error("the request has its answer already");
    status = code.code();
    answer_headers = headers;
    content_length = length;
  }
  boost::asio::awaitable<void> write(std::string_view piece) override {
    written.append(piece);
    ++pieces;
    return nothing();
  }
  boost::asio::awaitable<void> finish() override {
    is_finished = true;
    return nothing();
  }
  std::uint64_t bytes_sent() const override { return written.size(); }

  void on_disconnect(std::function<void()> callback) override {
    on_disconnect_ = std::move(callback);
    if (is_lost_) leave();
  }
  bool is_lost() const override { return is_lost_; }
  void on_stop(std::function<void()> callback) override {
    on_stop_ = std::move(callback);
    if (is_stopping_) stop();
  }
  bool is_stopping() const override { return is_stopping_; }
  aio::http::RequestParser release() override { throw std::logic_error("a fake request has no parser"); }

  static boost::asio::awaitable<void> nothing() { co_return; }

  boost::asio::io_context io_context_;
  aio::http::RequestHead head_;
  aio::net::Address peer_{"192.0.2.1", 12345};
  std::string body_;
  std::size_t given_ = 0;
  bool is_lost_ = false;
  bool is_stopping_ = false;
  std::function<void()> on_disconnect_;
  std::function<void()> on_stop_;
  std::optional<aio::web::Request> request_;
};

// The result of a coroutine, which is run to its end here.
template <class T>
T get_now(boost::asio::awaitable<T> awaitable) {
  boost::asio::io_context io_context;
  std::future<T> result = boost::asio::co_spawn(io_context, std::move(awaitable), boost::asio::use_future);
  io_context.run();
  return result.get();
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_AIO_WEB_FAKE_REQUEST_H_
