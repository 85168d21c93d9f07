// SPDX-License-Identifier: Apache-2.0
//
// The examples of headers that no other test here compiles. Those that serve until a signal comes are not called.

#include <unistd.h>

#include <iostream>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "aio/net/connection_group.h"
#include "aio/net/http_connection.h"
#include "aio/net/http_observer.h"
#include "aio/net/http_options.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/connection.h"
#include "aio/web/http_error.h"
#include "aio/web/instrument.h"
#include "aio/web/landing_page.h"
#include "aio/web/line_sink.h"
#include "aio/web/response.h"
#include "aio/web/run_app.h"
#include "aio/web/server_stats.h"
#include "aio/web/service.h"
#include "metrics/counter.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;

TEST(Examples, Response) {
  web::Response response = web::text("hello");
  response.headers.set("Cache-Control", "no-store");
  EXPECT_EQ(response.headers.size(), 2u);
}

TEST(Examples, HttpError) {
  const bool user = false;
  const auto handler = [&] {
    if (!user) throw web::HttpError(404);
  };
  EXPECT_THROW(handler(), web::HttpError);
}

TEST(Examples, LandingPageAndServerStats) {
  metrics::Registry my_registry;
  web::Application app;
  app.router().add_get("/", web::make_landing_page("/metrics"));
  app.router().add_get("/metrics", web::server_stats);
  app.router().add_get("/mine", web::make_server_stats(my_registry));
  FakeRequest request("GET", "/");
  EXPECT_EQ(get_now(app.handle(request.request())).status, 200);
}

asio::awaitable<void> run_app_runner(web::Application app) {
  web::AppRunner runner(co_await asio::this_coro::executor, std::move(app));
  co_await runner.setup();
  co_await runner.tcp_site("127.0.0.1", 0);
  co_await runner.cleanup();
}

asio::awaitable<void> run_service(web::Application app, web::ServiceOptions options) {
  web::Service service = co_await web::Service::start(std::move(app), std::move(options));
  std::cout << service.url() << '\n';
  co_await service.close();
}

TEST(Examples, AppRunnerAndService) {
  get_now(run_app_runner(web::Application()));
  get_now(run_service(web::Application(), {.addr = "127.0.0.1"}));
}

[[maybe_unused]] int application_main() {
  web::Application app;
  app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
  return web::run_app(std::move(app), {.port = 8000});
}

[[maybe_unused]] int server_options_main(web::Application app) {
  return web::run_app(std::move(app), {.port = 8000, .server = {.max_connections = 100}});
}

[[maybe_unused]] int access_log_main(web::Application app) {
  return web::run_app(std::move(app), {.server = {.access_log = {.sink = web::lines_to_fd(STDOUT_FILENO)}}});
}

[[maybe_unused]] int line_sink_main(web::Application app) {
  web::BackgroundLines lines(web::lines_to_file("access.log"));
  return web::run_app(std::move(app), {.server = {.access_log = {.sink = lines.log()}}});
}

class Failures final : public net::HttpObserver {
 public:
  explicit Failures(metrics::Counter& failures) : failures_(failures) {}
  void on_answered(const net::HttpOutcome& outcome) noexcept override {
    if (outcome.status && outcome.status->code() >= 500) failures_.Increment();
  }

 private:
  metrics::Counter& failures_;
};

TEST(Examples, HttpObserver) {
  metrics::Counter failures;
  net::HttpOptions options{.observers = {std::make_shared<Failures>(failures)}};
  EXPECT_EQ(options.observers.size(), 1u);
}

TEST(Examples, Instrument) {
  metrics::Registry registry;
  web::Application app;
  app.use(web::instrument(registry));
  app.freeze();
}

[[maybe_unused]] void spawn_connection(net::ConnectionGroup& group, std::shared_ptr<web::ApplicationService> service,
                                       asio::ip::tcp::socket socket) {
  group.spawn(
      [&](net::ConnectionGroup::Seat& seat) { return net::serve_http(service, std::move(socket), nullptr, seat); });
}

}  // namespace
}  // namespace prometheus_async::aio
