// SPDX-License-Identifier: Apache-2.0
//
// A service as small as they get, which run_app_test starts: hello PORT.

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/web/application.h"
#include "aio/web/run_app.h"

namespace web = prometheus_async::aio::web;
namespace asio = boost::asio;

asio::awaitable<web::Response> after(std::chrono::milliseconds time, std::string name) {
  std::cout << name << " begins" << std::endl;
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  co_return web::text(name);
}

int main(int, char** argv) {
  try {
    web::Application app;
    app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
    app.router().add_get("/slow", [](web::Request&) { return after(std::chrono::milliseconds(200), "slow"); });
    app.router().add_get("/never", [](web::Request&) { return after(std::chrono::hours(1), "never"); });
    return web::run_app(std::move(app), {.port = static_cast<std::uint16_t>(std::stoi(argv[1]))});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
