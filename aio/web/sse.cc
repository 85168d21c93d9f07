// SPDX-License-Identifier: Apache-2.0

#include "aio/web/sse.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/net/http_connection.h"

namespace prometheus_async::aio::web {
namespace {

using Clock = std::chrono::steady_clock;

void check_line(std::string_view name, std::string_view text, std::string_view refused) {
  if (text.find_first_of(refused) != std::string_view::npos) {
    throw std::invalid_argument("server-sent event: " + std::string(name) + " with a line break or NUL in it");
  }
}

// The first line of `text`, which keeps the rest; `has_more` tells whether there is one, be it empty.
std::string_view take_line(std::string_view& text, bool& has_more) {
  const std::size_t end = text.find_first_of("\r\n");
  has_more = end != std::string_view::npos;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), line.size() + (text.substr(line.size()).starts_with("\r\n") ? 2 : 1)));
  return line;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\n");
}

StreamOptions stream_options(Headers headers) {
  headers.set("Content-Type", "text/event-stream");
  if (!headers.contains("Cache-Control")) headers.set("Cache-Control", "no-store");
  if (!headers.contains("X-Accel-Buffering")) headers.set("X-Accel-Buffering", "no");
  return {.headers = std::move(headers)};
}

}  // namespace

void append_event(std::string& out, const Event& event) {
  check_line("event", event.event, std::string_view("\r\n", 2));
  check_line("id", event.id, std::string_view("\r\n\0", 3));
  if (event.retry && event.retry->count() < 0) throw std::invalid_argument("server-sent event: a negative retry");
  if (!event.event.empty()) append_field(out, "event", event.event);
  if (!event.id.empty()) append_field(out, "id", event.id);
  if (event.retry) append_field(out, "retry", std::to_string(event.retry->count()));
  std::string_view data = event.data;
  for (bool has_more = !data.empty() || !event.event.empty(); has_more;) {
    append_field(out, "data", take_line(data, has_more));
  }
  out.append("\n");
}

struct EventStream::Wakeup {
  void wake() {
    if (timer) timer->cancel();
  }

  std::optional<asio::steady_timer> timer;
  bool is_over = false;
  bool is_notified = false;
};

EventStream::EventStream(Request& request, EventStreamOptions options)
    : request_(request),
      stream_(request, stream_options(std::move(options.headers))),
      keep_alive_(options.keep_alive),
      wakeup_(std::make_shared<Wakeup>()) {
  const auto end = [wakeup = wakeup_] {
    wakeup->is_over = true;
    wakeup->wake();
  };
  request.on_disconnect(end);
  request.exchange().on_stop(end);
}

EventStream::~EventStream() { wakeup_->timer.reset(); }

std::string_view EventStream::last_event_id() const { return request_.headers().get("Last-Event-ID").value_or(""); }

bool EventStream::is_open() const { return !wakeup_->is_over && stream_.is_open(); }

void EventStream::notify() {
  wakeup_->is_notified = true;
  wakeup_->wake();
}

asio::awaitable<bool> EventStream::wait_for(Clock::duration duration) {
  constexpr Clock::duration kLongest = std::chrono::hours(24 * 365);  // which can be added to a time
  const Clock::time_point end = Clock::now() + std::min(duration, kLongest);
  if (!stream_.is_prepared()) {
    text_.clear();
    co_await send_text();
  }
  if (!wakeup_->timer) {
    const auto executor = co_await asio::this_coro::executor;
    wakeup_->timer.emplace(executor);
  }
  while (is_open()) {
    if (std::exchange(wakeup_->is_notified, false)) co_return true;
    const Clock::time_point comment =
        keep_alive_.count() > 0 ? last_sent_ + std::min<Clock::duration>(keep_alive_, kLongest) : end;
    wakeup_->timer->expires_at(std::min(end, comment));
    co_await wakeup_->timer->async_wait(asio::as_tuple(asio::use_awaitable));
    if (!is_open() || wakeup_->is_notified) continue;
    const Clock::time_point now = Clock::now();
    if (now >= end) co_return true;
    if (keep_alive_.count() > 0 && now >= comment) {
      text_ = ":\n\n";
      co_await send_text();
    }
  }
  co_return false;
}

asio::awaitable<bool> EventStream::send(const Event& event) {
  text_.clear();
  append_event(text_, event);
  return send_text();
}

asio::awaitable<bool> EventStream::send_text() {
  if (!request_.exchange().is_lost()) {
    try {
      co_await stream_.write(text_);
    } catch (const std::system_error&) {
      if (!request_.exchange().is_lost()) throw;
    }
    last_sent_ = Clock::now();
  } else {
    // Ends at once otherwise: who never asks whether the stream is open does not keep the others from their turn.
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
  }
  co_return is_open();
}

asio::awaitable<Response> EventStream::end() { return stream_.write_eof(); }

}  // namespace prometheus_async::aio::web
