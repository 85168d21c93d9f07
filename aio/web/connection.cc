// SPDX-License-Identifier: Apache-2.0

#include "aio/web/connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <boost/asio/buffer.hpp>

#include "aio/http/ascii.h"
#include "aio/http/request_parser.h"
#include "aio/http/response_head.h"
#include "aio/net/stream.h"
#include "aio/web/http_error.h"
#include "aio/web/read_buffer.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {
namespace {

using boost::system::error_code;

constexpr std::size_t kMostLingered = 256 * 1024;  // bytes that a client may still send after its last answer

// For a log: no control byte gets through, so no line of it can be forged.
std::string escape(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (!http::is_control(c)) {
      out += c;
      continue;
    }
    const unsigned char byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
  }
  return out;
}

class Connection final : private RequestBody {
 public:
  Connection(ServerState& server, asio::ip::tcp::socket socket, asio::ssl::context* tls,
             net::ConnectionGroup::Seat& seat)
      : server_(server),
        seat_(seat),
        stream_(std::move(socket), tls),
        deadline_(server.deadlines, [this] { stream_.cancel(); }),
        parser_(server.options.limits) {
    seat_.on_stop([this] {
      if (is_idle_) stream_.cancel();
    });
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run() {
    if (stream_.is_tls() && !co_await shake_hands()) co_return;
    deadline_.expire_after(timeouts().first_byte);
    for (;;) {
      const Head head = co_await read_head();
      if (head == Head::kNone) co_return;
      if (head == Head::kRefused) break;
      if (!co_await answer()) break;
      parser_.reset();
      buffer_.shrink();
      deadline_.expire_after(timeouts().keep_alive);
    }
    if (!is_lost_) co_await linger();
  }

 private:
  using Event = http::RequestParser::Event;

  enum class Head {
    kRequest,
    kRefused,  // and answered so
    kNone,     // the client had no more to say
  };

  const ServerTimeouts& timeouts() const { return server_.options.timeouts; }

  asio::awaitable<bool> shake_hands() {
    is_idle_ = true;
    deadline_.expire_after(timeouts().tls_handshake);
    const error_code error = co_await stream_.handshake();
    is_idle_ = false;
    if (error) stream_.reset();
    co_return !error;
  }

  // Waits for a request, under the deadline that is set; from its first byte on, under one of its own.
  asio::awaitable<Head> read_head() {
    for (;;) {
      const bool had_begun = parser_.has_begun();
      const Event event = parse().event;
      if (event == Event::kHead) break;
      if (event == Event::kError) {
        co_await refuse(parser_.error().status, parser_.error().reason);
        co_return Head::kRefused;
      }
      if (parser_.has_begun() && !had_begun) deadline_.expire_after(timeouts().head);
      is_idle_ = !parser_.has_begun();
      if (is_idle_ && server_.is_stopping) co_return Head::kNone;
      const bool has_more = co_await read_more();
      is_idle_ = false;
      if (has_more) continue;
      if (!deadline_.has_expired() || !parser_.has_begun()) co_return Head::kNone;
      co_await refuse(408, "the request took too long");
      co_return Head::kRefused;
    }
    deadline_.clear();
    co_return Head::kRequest;
  }

  http::RequestParser::Result parse() {
    const http::RequestParser::Result result = parser_.parse(buffer_.bytes());
    buffer_.consume(result.consumed);
    return result;
  }

  // False if the deadline has passed or the client is gone.
  asio::awaitable<bool> read_more() {
    const std::span<char> room = buffer_.prepare();
    const auto [error, size] = co_await stream_.read_some(asio::buffer(room.data(), room.size()));
    buffer_.commit(size);
    co_return !error && !deadline_.has_expired();
  }

  // Answers the request whose head was read. False if that was the connection's last answer.
  asio::awaitable<bool> answer() {
    has_sent_continue_ = false;
    Request request(parser_.head(), stream_.peer(), stream_.is_tls(), *this);
    Response response = co_await respond(request);
    if (is_lost_) co_return false;
    const bool has_whole_body = drop_body();
    const bool keep_alive = parser_.head().keep_alive && has_whole_body && !server_.is_stopping &&
                            !response.headers.has_token("Connection", "close");
    try {
      write_head(response, keep_alive);
    } catch (const std::invalid_argument& error) {
      log_failure(request, error.what());
      response = HttpError(500).response();
      write_head(response, keep_alive);
    }
    const bool has_body = request.method() != "HEAD" && !response.status.is_bodiless();
    co_await write(out_, has_body ? response.body : std::string_view());
    co_return keep_alive && !is_lost_;
  }

  // The handler's answer, or what its exception comes to.
  asio::awaitable<Response> respond(Request& request) {
    try {
      co_return co_await server_.app.handle(request);
    } catch (const HttpError& error) {
      co_return error.response();
    } catch (const std::exception& error) {
      if (seat_.is_aborted()) throw;
      if (!is_lost_) log_failure(request, error.what());
    } catch (...) {
      if (seat_.is_aborted()) throw;
      log_failure(request, "an exception that is no std::exception");
    }
    co_return HttpError(500).response();
  }

  // What cannot become a request.
  asio::awaitable<void> refuse(Status status, std::string_view reason) {
    const HttpError error(status, reason);
    write_head(error.response(), false);
    co_await write(out_, error.response().body);
  }

  // RequestBody.
  asio::awaitable<std::string_view> read_some() override {
    if (parser_.head().expects_continue && !has_sent_continue_ && !parser_.is_complete() && buffer_.bytes().empty()) {
      has_sent_continue_ = true;
      co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
    }
    deadline_.expire_after(timeouts().body);
    for (;;) {
      const http::RequestParser::Result result = parse();
      if (result.event == Event::kError) throw HttpError(parser_.error().status, parser_.error().reason);
      if (result.event != Event::kNeedMore) {
        deadline_.clear();
        co_return result.body;  // empty with kComplete
      }
      if (co_await read_more()) continue;
      if (deadline_.has_expired()) throw HttpError(408, "the body took too long");
      is_lost_ = true;
      throw std::system_error(std::make_error_code(std::errc::connection_reset),
                              "the client left in the middle of the body");
    }
  }

  // Drops what has come of a body that the handler did not read. Whether that is the whole: if not, the connection ends
  // with the answer, since the client may send the rest or, waiting for 100 Continue, never.
  bool drop_body() {
    Event event;
    do {
      event = parse().event;
    } while (event == Event::kBody);
    return event == Event::kComplete;
  }

  // Leaves the head in out_.
  void write_head(const Response& response, bool keep_alive) {
    out_.clear();
    append_response_head(out_, response.status, response.headers,
                         {.content_length = response.body.size(),
                          .keep_alive = keep_alive,
                          .is_http10 = parser_.head().minor_version == 0,
                          .date = server_.date.at(std::chrono::system_clock::now())});
  }

  // Writes both, as long as the client takes some of it before each deadline.
  asio::awaitable<void> write(std::string_view head, std::string_view body) {
    while (!is_lost_ && !(head.empty() && body.empty())) {
      deadline_.expire_after(timeouts().write);
      const net::Stream::ConstBuffers buffers{asio::buffer(head), asio::buffer(body)};
      const auto [error, size] = co_await stream_.write_some(buffers);
      if (error) {
        is_lost_ = true;
        stream_.reset();
      }
      const std::size_t of_head = std::min(size, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(size - of_head);
    }
    deadline_.clear();
  }

  // Ends the connection so that the last answer arrives: closing with unread bytes would reset it on its way.
  asio::awaitable<void> linger() {
    is_idle_ = true;
    deadline_.expire_after(timeouts().linger);
    if (co_await stream_.finish()) co_return;
    std::array<char, 1024> dropped;
    for (std::size_t total = 0; total < kMostLingered;) {
      const auto [error, size] = co_await stream_.discard_some(asio::buffer(dropped));
      if (error || deadline_.has_expired()) break;
      total += size;
    }
  }

  void log_failure(const Request& request, std::string_view what) {
    if (!server_.options.log) return;
    server_.options.log(std::string(request.method()) + " " + std::string(request.raw_path()) + ": " + escape(what));
  }

  ServerState& server_;
  net::ConnectionGroup::Seat& seat_;
  net::Stream stream_;
  net::Deadline deadline_;
  ReadBuffer buffer_;
  http::RequestParser parser_;
  std::string out_;                 // the head of the answer
  bool is_idle_ = false;            // waits for a request or for the end: may be cut off
  bool is_lost_ = false;            // the client is gone: nothing more can be written
  bool has_sent_continue_ = false;  // for this request
};

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket,
                            std::shared_ptr<asio::ssl::context> tls, net::ConnectionGroup::Seat& seat) {
  Connection connection(*server, std::move(socket), tls.get(), seat);
  co_await connection.run();
}

}  // namespace prometheus_async::aio::web
