// SPDX-License-Identifier: Apache-2.0
//
// The programs of docs/howto/web.md, which shows each part between two lines of dashes as it stands here.

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/sleep.h"
#include "aio/time.h"
#include "aio/web/access_log.h"
#include "aio/web/app_key.h"
#include "aio/web/application.h"
#include "aio/web/compress.h"
#include "aio/web/conditional.h"
#include "aio/web/http_error.h"
#include "aio/web/instrument.h"
#include "aio/web/json.h"
#include "aio/web/line_sink.h"
#include "aio/web/run_app.h"
#include "aio/web/server_metrics.h"
#include "aio/web/server_stats.h"
#include "aio/web/sse.h"
#include "aio/web/stream_response.h"
#include "aio/web/testing/in_memory_client.h"
#include "metrics/registry.h"

namespace asio = boost::asio;
namespace aio = prometheus_async::aio;
namespace metrics = prometheus_async::metrics;
namespace web = prometheus_async::aio::web;
using namespace std::chrono_literals;

// ---- Notes, and where they are kept
struct Notes {
  std::vector<std::string> texts;
};

inline const web::AppKey<Notes> kNotes("notes");

// ---- Handlers
web::Response show_form(web::Request& request) {
  const web::Application& app = request.app();
  const std::string form = app.router().url_for("notes");
  return web::html("<form method=post action=" + form + "><input name=text><button>Add</button></form>");
}

asio::awaitable<web::Response> add_note(web::Request& request) {
  const auto form = co_await request.post();
  const std::string text(form.get("text").value_or(""));
  if (text.empty()) throw web::bad_request("a note has a text");
  Notes& notes = request.app().get(kNotes);
  notes.texts.push_back(text);
  const std::string id = std::to_string(notes.texts.size() - 1);
  co_return web::see_other(request.app().router().url_for("note", {{"id", id}})).response();
}

web::Response get_note(web::Request& request) {
  const Notes& notes = request.app().get(kNotes);
  const std::uint64_t id = request.match_info().get_uint("id");
  if (id >= notes.texts.size()) throw web::not_found("no such note");
  return web::text(notes.texts[id]);
}

web::Response list_notes(web::Request& request) {
  boost::json::array texts;
  for (const std::string& text : request.app().get(kNotes).texts) texts.emplace_back(text);
  return web::json(texts);
}

asio::awaitable<web::Response> import_notes(web::Request& request) {
  const boost::json::value texts = co_await web::read_json(request);
  if (!texts.is_array()) throw web::bad_request("an array of texts is expected");
  Notes& notes = request.app().get(kNotes);
  for (const boost::json::value& text : texts.get_array())
    notes.texts.push_back(boost::json::value_to<std::string>(text));
  co_return web::text(std::to_string(texts.get_array().size()) + " notes added", 201);
}

// ---- Bodies that come and go in pieces
asio::awaitable<web::Response> count_bytes(web::Request& request) {
  std::uint64_t bytes = 0;
  for (;;) {
    const std::string_view piece = co_await request.read_some();
    if (piece.empty()) break;
    bytes += piece.size();
  }
  co_return web::text(std::to_string(bytes) + " bytes");
}

asio::awaitable<web::Response> export_notes(web::Request& request) {
  web::StreamResponse stream(request, {.headers = {{"Content-Type", "text/plain; charset=utf-8"}}});
  stream.enable_compression();
  for (const std::string& text : request.app().get(kNotes).texts) {
    const std::string line = text + "\n";
    co_await stream.write(line);
  }
  co_return co_await stream.write_eof();
}

asio::awaitable<web::Response> watch_notes(web::Request& request) {
  web::EventStream events(request);
  while (co_await events.wait_for(1s)) {
    const std::string count = std::to_string(request.app().get(kNotes).texts.size());
    const web::Event event{.event = "count", .data = count};
    co_await events.send(event);
  }
  co_return co_await events.end();
}

// ---- A middleware
asio::awaitable<web::Response> only_with_token(web::Request& request, web::Next next) {
  if (request.headers().get("X-Token") != "secret") throw web::forbidden();
  web::Response response = co_await next(request);
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

// ---- What is set up and undone
asio::awaitable<web::Cleanup> open_notes(web::Application& app) {
  app.set(kNotes, Notes{{"the first note"}});
  web::Cleanup close = []() -> asio::awaitable<void> { co_return; };
  co_return close;
}

// ---- The application
web::Application make_app() {
  web::Application admin;
  admin.use(only_with_token);
  admin.router().add_routes({web::post("/import", import_notes), web::get("/export", export_notes)});

  static auto& seconds = metrics::histogram("notes_seconds", "Time spent in adding a note.");
  const auto timed = aio::time(seconds);

  web::Application app;
  app.use(web::instrument());
  app.use(web::conditional());
  app.use(web::compress());
  app.router().add_routes({
      web::get("/", show_form),
      web::get("/notes", list_notes, {.name = "notes"}),
      web::post("/notes", timed(add_note)),
      web::get("/notes/{id:uint}", get_note, {.name = "note"}),
      web::put("/bytes", count_bytes),
      web::get("/events", watch_notes),
      web::get("/metrics", web::server_stats),
  });
  app.add_subapp("/admin", std::move(admin));
  app.cleanup_ctx(open_notes);
  return app;
}

// ---- The program
int serve() {
  web::RunOptions options{.addr = "::1", .port = 8080, .threads = 1};
  options.server.access_log.sink = web::lines_to_fd(STDERR_FILENO);
  options.server.observers.push_back(std::make_shared<web::ServerMetrics>());
  return web::run_app(make_app(), std::move(options));
}

// ---- A test
TEST(Notes, AreAddedByAForm) {
  web::testing::InMemoryClient client(make_app());
  const auto added = client.post("/notes", "text=hello", {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(added.status, 303);
  EXPECT_EQ(client.get(*added.headers.get("Location")).body, "hello");
}

// ----

namespace {

using ::testing::HasSubstr;

TEST(Notes, AreShown) {
  web::testing::InMemoryClient client(make_app());
  EXPECT_THAT(client.get("/").body, HasSubstr("action=/notes>"));
  EXPECT_EQ(client.get("/notes/0").body, "the first note");
  EXPECT_EQ(client.get("/notes/1").status, 404);
  EXPECT_EQ(client.get("/notes/one").status, 404);
  EXPECT_EQ(client.get("/notes").body, R"(["the first note"])");
}

TEST(Notes, AreImportedAndExportedByThoseWhoMay) {
  web::testing::InMemoryClient client(make_app());
  EXPECT_EQ(client.get("/admin/export").status, 403);
  const aio::http::Headers token{{"X-Token", "secret"}};
  EXPECT_EQ(client.post("/admin/import", R"(["a", "b"])", token).body, "2 notes added");
  EXPECT_EQ(client.post("/admin/import", "{", token).status, 400);
  EXPECT_EQ(client.get("/admin/export", token).body, "the first note\na\nb\n");
}

TEST(Notes, CountBytes) {
  web::testing::InMemoryClient client(make_app());
  EXPECT_EQ(client.request("PUT", "/bytes", std::string(100'000, 'x')).body, "100000 bytes");
}

TEST(Notes, AreMeasured) {
  web::testing::InMemoryClient client(make_app());
  client.get("/notes/0");
  client.get("/nowhere");
  const std::string page = client.get("/metrics").body;
  EXPECT_THAT(page, HasSubstr(R"(http_requests_total{method="GET",route="/notes/{id:uint}",status="2xx"})"));
  EXPECT_THAT(page, HasSubstr(R"(http_requests_total{method="GET",route="unrouted",status="4xx"})"));
  EXPECT_THAT(page, HasSubstr("notes_seconds_count "));
}

TEST(Notes, HaveAProgram) { EXPECT_NE(&serve, nullptr); }

}  // namespace
