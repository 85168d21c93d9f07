// SPDX-License-Identifier: Apache-2.0
//
// The least that a coroutine on Asio can do to look like a web server: it answers whatever it reads with fixed bytes,
// without parsing, routing, deadlines or limits. What a server adds to this is its own cost.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;

// As long as what aio/web answers, with the same fields.
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 5\r\n"
    "Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
    "\r\n"
    "hello";

asio::awaitable<void> serve(tcp::socket socket) try {
  socket.set_option(tcp::no_delay(true));
  std::array<char, 4096> request;
  for (;;) {
    co_await socket.async_read_some(asio::buffer(request), asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(kAnswer), asio::use_awaitable);
  }
} catch (const boost::system::system_error&) {
  // The client has gone.
}

asio::awaitable<void> accept(tcp::acceptor acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

int main() try {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  std::cout << acceptor.local_endpoint().port() << std::endl;
  asio::co_spawn(context, accept(std::move(acceptor)), asio::detached);
  context.run();
} catch (const std::exception& error) {
  std::cerr << "hello_asio: " << error.what() << '\n';
  return EXIT_FAILURE;
}
