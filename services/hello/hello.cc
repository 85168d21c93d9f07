// SPDX-License-Identifier: Apache-2.0
//
// aiohttp's first example, in as many lines.
//
//   bazel run //services/hello
//   curl http://127.0.0.1:8080/Ada
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "aio/web/application.h"
#include "aio/web/run_app.h"

namespace asio = boost::asio;
namespace web = prometheus_async::aio::web;

asio::awaitable<web::Response> handle(web::Request& request) {
  const std::string name(request.match_info().get("name").value_or("Anonymous"));
  co_return web::text("Hello, " + name);
}

int main() {
  web::Application app;
  app.router().add_routes({web::get("/", handle), web::get("/{name}", handle)});
  return web::run_app(std::move(app));
}
