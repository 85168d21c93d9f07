// SPDX-License-Identifier: Apache-2.0
//
// aio/web's hello, as its users write it, on a port that it prints first.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/web/app_runner.h"
#include "aio/web/application.h"

namespace asio = boost::asio;
namespace web = prometheus_async::aio::web;

asio::awaitable<void> start(web::AppRunner& runner) {
  co_await runner.tcp_site("127.0.0.1", 0);
  std::cout << runner.addresses().front().port << std::endl;
}

int main() try {
  asio::io_context context(1);
  web::Application app;
  app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
  web::AppRunner runner(context.get_executor(), std::move(app));
  asio::co_spawn(context, start(runner), asio::detached);
  context.run();
} catch (const std::exception& error) {
  std::cerr << "hello_aio_web: " << error.what() << '\n';
  return EXIT_FAILURE;
}
