// SPDX-License-Identifier: Apache-2.0
//
// metrics_aio_web SERIES: a metrics server with so many counters, on a port that it prints first.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/web/metrics_server.h"
#include "metrics/registry.h"

namespace asio = boost::asio;
namespace metrics = prometheus_async::metrics;
namespace web = prometheus_async::aio::web;

asio::awaitable<void> start(metrics::Registry& registry, std::optional<web::MetricsHTTPServer>& server) {
  web::StartOptions options{.addr = "127.0.0.1", .registry = &registry};
  // All 64 connections are answered, as the rival answers them.
  options.scrape.max_requests_in_flight = 0;
  server = co_await web::start_http_server(std::move(options));
  std::cout << server->socket().port << std::endl;
}

int main(int argc, char** argv) try {
  const int series = argc > 1 ? std::stoi(argv[1]) : 1000;
  metrics::Registry registry;
  auto& family = registry.counter("requests_total", "x", {"method", "path", "code"});
  for (int i = 0; i < series; ++i) family.labels("GET", "/users/" + std::to_string(i), "200").Increment(i);

  asio::io_context context(1);
  std::optional<web::MetricsHTTPServer> server;
  asio::co_spawn(context, start(registry, server), asio::detached);
  context.run();
} catch (const std::exception& error) {
  std::cerr << "metrics_aio_web: " << error.what() << '\n';
  return EXIT_FAILURE;
}
