// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events: an answer that goes on for as long as the client listens, which a browser reads by EventSource.
//
//   asio::awaitable<web::Response> clock(web::Request& request) {
//     web::EventStream events(request);
//     while (co_await events.wait_for(1s)) {
//       const std::string now = time_of_day();
//       co_await events.send({.event = "tick", .data = now});
//     }
//     co_return co_await events.end();
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SSE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SSE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "aio/web/request.h"
#include "aio/web/response.h"
#include "aio/web/stream_response.h"

namespace prometheus_async::aio::web {

// What is empty is left out; an event with a name has its data even if that is empty.
struct Event {
  // What the listener was added for; "message" if there is none.
  std::string_view event = {};
  // UTF-8 of any number of lines, which CRLF, LF or CR ends; the client gets LF.
  std::string_view data = {};
  // What the client sends as Last-Event-ID when it comes again.
  std::string_view id = {};
  // How long the client waits before it does so.
  std::optional<std::chrono::milliseconds> retry = {};
};

// As the text/event-stream has it, with the empty line that ends it; appended to `out`.
//
// Throws std::invalid_argument for a line break in `event` or `id` and a NUL in `id`, which would be other fields, and
// for a negative `retry`. Appends nothing then.
void append_event(std::string& out, const Event& event);

struct EventStreamOptions {
  // Besides Content-Type, `Cache-Control: no-store` and `X-Accel-Buffering: no`, which keeps nginx from collecting
  // events; a field here goes before these.
  Headers headers = {};
  // After so long without an event wait_for() sends a comment, by which proxies see that the connection lives, and the
  // server that the client does. Zero: never.
  std::chrono::milliseconds keep_alive = std::chrono::seconds(15);
};

// The stream is over when the client leaves and when the server stops: a handler that asks, as above, ends with it, so
// that a shutdown does not wait for listeners. In answer to HEAD it is over from the start.
//
// A client's leaving is a stream's usual end and no error: send() then does nothing. Otherwise as StreamResponse, which
// it is made of.
//
// Threads: the connection's. One call at a time, but for notify(), is_open(). Lifetime: within the handler that has the
// request. REQUIRES: the request's body was read.
class EventStream {
 public:
  explicit EventStream(Request& request, EventStreamOptions options = {});
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // The id of the last event that the client has seen, when it comes again; otherwise empty.
  std::string_view last_event_id() const;

  // True after `duration`, or as soon as notify() is called; false as soon as the stream is over. The first one sends
  // the head, so that the client knows it is connected.
  asio::awaitable<bool> wait_for(std::chrono::steady_clock::duration duration);
  // Ends the wait_for() that is under way, or the next one: for a program whose events come from elsewhere. `*this` may
  // be found there by a pointer that the handler takes back before it returns.
  void notify();

  // False if the stream is over; the event went nowhere then. Throws as append_event(), at the call; the strings need
  // not outlive that.
  asio::awaitable<bool> send(const Event& event);

  bool is_open() const;

  // What the handler returns.
  asio::awaitable<Response> end();

 private:
  struct Wakeup;

  asio::awaitable<bool> send_text();

  Request& request_;
  StreamResponse stream_;
  const std::chrono::milliseconds keep_alive_;
  std::chrono::steady_clock::time_point last_sent_ = std::chrono::steady_clock::now();
  std::string text_;                      // of what is being sent
  const std::shared_ptr<Wakeup> wakeup_;  // of the connection's callbacks too, which may come when *this is gone
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SSE_H_
