// SPDX-License-Identifier: Apache-2.0
//
// The program of README.md, word for word below the line of dashes.
// ----
#include "aio/sleep.h"
#include "aio/time.h"
#include "aio/web/run_app.h"
#include "aio/web/server_stats.h"
#include "metrics/registry.h"

using namespace prometheus_async;
using namespace std::chrono_literals;

auto& req_time = metrics::histogram("req_time_seconds", "time spent in requests");

const auto hello = aio::time(req_time)([](aio::web::Request&) -> boost::asio::awaitable<aio::web::Response> {
  co_await aio::sleep(1s);
  co_return aio::web::text("hello");
});

int main() {
  aio::web::Application app;
  app.router().add_get("/", hello);
  app.router().add_get("/metrics", aio::web::server_stats);
  return aio::web::run_app(std::move(app), {.port = 8000});
}
