// SPDX-License-Identifier: Apache-2.0
//
// A request without a connection, for tests of what sits behind one.
//
//   FakeRequest request("POST", "/echo", "hello");
//   EXPECT_EQ(get_now(handler(request.request())).body, "hello");
#ifndef PROMETHEUS_ASYNC_TESTS_AIO_WEB_FAKE_REQUEST_H_
#define PROMETHEUS_ASYNC_TESTS_AIO_WEB_FAKE_REQUEST_H_

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "aio/http/request_parser.h"
#include "aio/web/request.h"

namespace prometheus_async::testing {

class FakeRequest final : private aio::web::RequestBody {
 public:
  // The body comes in pieces of one byte.
  FakeRequest(std::string_view method, std::string_view target, std::string_view body = {}) : body_(body) {
    head_.method = method;
    if (!head_.target.assign(method, target).ok()) throw std::invalid_argument("target " + std::string(target));
  }

  aio::http::RequestHead& head() { return head_; }
  aio::web::Request& request() { return request_; }

 private:
  boost::asio::awaitable<std::string_view> read_some() override {
    const std::string_view rest = std::string_view(body_).substr(given_);
    given_ += rest.empty() ? 0 : 1;
    co_return rest.substr(0, 1);
  }

  aio::http::RequestHead head_;
  aio::net::Address peer_{"192.0.2.1", 12345};
  std::string body_;
  std::size_t given_ = 0;
  aio::web::Request request_{head_, peer_, false, *this};
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
