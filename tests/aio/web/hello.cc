// SPDX-License-Identifier: Apache-2.0
//
// A service as small as they get, which run_app_test starts: hello [PORT] [--threads=N] [--unix=PATH] [--descriptor=N]
// [--systemd] [--drain] [--more] [--announce].

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/web/application.h"
#include "aio/web/run_app.h"
#include "sd/endpoint.h"
#include "sd/service_discovery.h"

namespace web = prometheus_async::aio::web;
namespace sd = prometheus_async::sd;
namespace asio = boost::asio;

asio::awaitable<web::Response> after(std::chrono::milliseconds time, std::string name) {
  std::cout << name << " begins" << std::endl;
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
  co_return web::text(name);
}

std::optional<std::string> value_of(std::string_view argument, std::string_view flag) {
  if (!argument.starts_with(flag)) return std::nullopt;
  return std::string(argument.substr(flag.size()));
}

// A discovery that is away when it is told that the service goes.
asio::awaitable<void> fail() {
  throw std::runtime_error("the discovery is away");
  co_return;
}
asio::awaitable<sd::Deregister> announce(const sd::Endpoint&) { co_return sd::Deregister(fail); }

web::RunOptions options_of(const std::vector<std::string>& arguments) {
  web::RunOptions options;
  for (const std::string& argument : arguments) {
    if (const auto threads = value_of(argument, "--threads=")) {
      options.threads = std::stoul(*threads);
    } else if (const auto path = value_of(argument, "--unix=")) {
      options.unix_path = *path;
    } else if (const auto descriptor = value_of(argument, "--descriptor=")) {
      options.descriptor = std::stoi(*descriptor);
    } else if (argument == "--systemd") {
      options.systemd = true;
    } else if (argument == "--drain") {
      options.drain_delay = std::chrono::milliseconds(300);
      options.on_drain = [] { std::cout << "draining" << std::endl; };
    } else if (argument == "--announce") {
      options.service_discovery = announce;
    } else if (argument == "--more") {
      options.more_addresses = {{"127.0.0.1", 0}, {"127.0.0.1", 0}};
    } else {
      options.port = static_cast<std::uint16_t>(std::stoi(argument));
    }
  }
  return options;
}

int main(int argc, char** argv) {
  try {
    web::Application app;
    app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
    app.router().add_get("/slow", [](web::Request&) { return after(std::chrono::milliseconds(200), "slow"); });
    app.router().add_get("/never", [](web::Request&) { return after(std::chrono::hours(1), "never"); });
    app.on_startup([](web::Application&) { std::cout << "startup" << std::endl; });
    app.on_cleanup([](web::Application&) { std::cout << "cleanup" << std::endl; });
    return web::run_app(std::move(app), options_of({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
