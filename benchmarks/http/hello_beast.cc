// SPDX-License-Identifier: Apache-2.0
//
// hello on Boost.Beast in the way of its own coroutine example: a tcp_stream with a deadline for each read, a request
// with a string for its body, an answer that is a message of its own, sent by beast::async_write.
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/message_generator.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/version.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

http::message_generator answer(const http::request<http::string_body>& request) {
  http::response<http::string_body> response(http::status::ok, request.version());
  response.set(http::field::server, BOOST_BEAST_VERSION_STRING);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.keep_alive(request.keep_alive());
  response.body() = "hello";
  response.prepare_payload();
  return response;
}

asio::awaitable<void> serve(beast::tcp_stream stream) try {
  stream.socket().set_option(tcp::no_delay(true));
  beast::flat_buffer buffer;
  bool keep_alive = true;
  while (keep_alive) {
    stream.expires_after(std::chrono::seconds(30));
    http::request<http::string_body> request;
    co_await http::async_read(stream, buffer, request, asio::use_awaitable);
    http::message_generator response = answer(request);
    keep_alive = response.keep_alive();
    co_await beast::async_write(stream, std::move(response), asio::use_awaitable);
  }
  beast::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
} catch (const boost::system::system_error&) {
  // The client has gone.
}

asio::awaitable<void> accept(tcp::acceptor acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(beast::tcp_stream(std::move(socket))), asio::detached);
  }
}

int main() try {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  std::cout << acceptor.local_endpoint().port() << std::endl;
  asio::co_spawn(context, accept(std::move(acceptor)), asio::detached);
  context.run();
} catch (const std::exception& error) {
  std::cerr << "hello_beast: " << error.what() << '\n';
  return EXIT_FAILURE;
}
