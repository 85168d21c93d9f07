// SPDX-License-Identifier: Apache-2.0
//
// The examples of headers that no other test here compiles. Those that serve until a signal comes are not called.

#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
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
#include "aio/web/compress.h"
#include "aio/web/conditional.h"
#include "aio/web/connection.h"
#include "aio/web/content_coding.h"
#include "aio/web/http_error.h"
#include "aio/web/instrument.h"
#include "aio/web/landing_page.h"
#include "aio/web/line_sink.h"
#include "aio/web/response.h"
#include "aio/web/route.h"
#include "aio/web/route_def.h"
#include "aio/web/run_app.h"
#include "aio/web/server_metrics.h"
#include "aio/web/server_stats.h"
#include "aio/web/service.h"
#include "metrics/counter.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web::internal {
namespace {

void code(Response& response) {
  add_vary(response.headers, "Accept-Encoding");
  if (may_be_coded(response.status, response.headers)) weaken_etag(response.headers);
}

TEST(Examples, ContentCoding) {
  Response response{200, {{"ETag", "\"a\""}}, "hello"};
  code(response);
  EXPECT_EQ(response.headers.get("Vary"), "Accept-Encoding");
  EXPECT_EQ(response.headers.get("ETag"), "W/\"a\"");
}

}  // namespace
}  // namespace prometheus_async::aio::web::internal

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

web::Response index(web::Request&) { return web::text("hello"); }
web::Response add_user(web::Request&) { return web::Response{201}; }

asio::awaitable<web::Response> get_user(web::Request& request) {
  request.match_info()["name"];        // of "/users/{name}"
  request.match_info().get_int("id");  // of "/items/{id:int}"
  co_return web::text(std::string(request.match_info()["name"]));
}

TEST(Examples, MatchInfo) {
  web::Application app;
  app.router().add_get("/users/{name}/{id:int}", get_user);
  app.freeze();
  FakeRequest request("GET", "/users/Ada/7");
  EXPECT_EQ(get_now(app.handle(request.request())).body, "Ada");
}

TEST(Examples, Route) {
  web::Application app;
  const web::Route& user = app.router().add_get("/users/{id:int}", get_user, {.name = "user"});
  user.path();  // "/users/{id:int}"
  EXPECT_EQ(user.path(), "/users/{id:int}");
}

TEST(Examples, RouteDef) {
  web::Application app;
  app.router().add_routes({
      web::get("/", index),
      web::get("/users/{id:int}", get_user, {.name = "user"}),
      web::post("/users", add_user),
  });
  EXPECT_EQ(app.router().routes().size(), 3u);
}

TEST(Examples, Compress) {
  web::Application app;
  app.use(web::compress());
  app.freeze();
}

class Note {
 public:
  std::string version() const { return "7"; }
  void set_text(std::string text) { text_ = std::move(text); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};
Note note;

asio::awaitable<web::Response> put_note(web::Request& request) {
  web::check_preconditions(request, {.etag = http::EntityTag{note.version()}});
  note.set_text(co_await request.text());
  co_return web::Response{204};
}

TEST(Examples, Conditional) {
  web::Application app;
  app.use(web::conditional());  // further out than web::compress()
  app.router().add_put("/", put_note);
  app.freeze();
  FakeRequest request("PUT", "/", "hello");
  request.head().headers.add("If-Match", "\"7\"");
  EXPECT_EQ(get_now(app.handle(request.request())).status, 204);
  EXPECT_EQ(note.text(), "hello");
}

[[maybe_unused]] int server_metrics_main(web::Application app, metrics::Registry& registry) {
  web::RunOptions options{.port = 8000};
  options.server.observers.push_back(std::make_shared<web::ServerMetrics>(registry));
  return web::run_app(std::move(app), std::move(options));
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
