// SPDX-License-Identifier: Apache-2.0

#include "aio/net/http_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <stdexcept>
#include <system_error>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/http/response_head.h"
#include "aio/net/read_buffer.h"
#include "aio/net/stream.h"

namespace prometheus_async::aio::net {

using boost::system::error_code;

namespace {

constexpr std::size_t kMostLingered = 256 * 1024;  // bytes that a client may still send after its last answer
constexpr std::size_t kMostReadAhead = 16 * 1024;  // bytes of further requests; twisted.web's

}  // namespace

class HttpConnection final : public HttpExchange {
 public:
  HttpConnection(HttpService& service, asio::ip::tcp::socket socket, asio::ssl::context* tls,
                 ConnectionGroup::Seat& seat)
      : service_(service),
        seat_(seat),
        stream_(std::move(socket), tls),
        deadline_(service.deadlines_, [this] { stream_.cancel(); }),
        parser_(service.options_.limits) {
    seat_.on_stop([this] {
      if (is_idle_) stream_.cancel();
    });
  }

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  asio::awaitable<void> run() {
    if (stream_.is_tls() && !co_await shake_hands()) co_return;
    deadline_.expire_after(timeouts().first_byte);
    for (;;) {
      answer_ = Answer::kNone;
      has_sent_continue_ = false;
      const Head head = co_await read_head();
      if (head == Head::kNone) co_return;
      if (head == Head::kRefused) break;
      http::Status fallback = 500;
      std::string reason;  // empty: the status' own
      try {
        const Watch watch(*this);
        co_await service_.answer(*this);
      } catch (const BadBody& error) {
        fallback = error.status();
        reason = error.what();
      } catch (const std::exception& error) {
        if (seat_.is_aborted()) throw;
        log_failure(error.what());
      } catch (...) {
        if (seat_.is_aborted()) throw;
        log_failure("an exception that is no std::exception");
      }
      if (answer_ == Answer::kNone && !is_lost_) co_await respond_plainly(fallback, reason);
      if (answer_ == Answer::kBegun) lose();
      if (is_lost_) co_return;
      if (!keep_alive_) break;
      parser_.reset();
      if (!is_reading_ahead_) buffer_.shrink();
      deadline_.expire_after(timeouts().keep_alive);
    }
    if (!is_lost_) co_await linger();
  }

  // A read that was begun for on_disconnect() and has not ended: *this lives until it has.
  bool is_reading_ahead() const { return is_reading_ahead_; }
  asio::awaitable<void> end_reading_ahead() {
    stream_.cancel();
    return wait_for_read_ahead();
  }

  // --- HttpExchange.
  const http::RequestHead& head() const override { return parser_.head(); }
  const Address& peer() const override { return stream_.peer(); }
  bool is_secure() const override { return stream_.is_tls(); }
  asio::any_io_executor get_executor() override { return stream_.get_executor(); }
  bool is_lost() const override { return is_lost_; }
  http::RequestParser release() override {
    is_lost_ = true;
    return std::move(parser_);
  }

  asio::awaitable<std::string_view> read_some() override {
    if (answer_ != Answer::kNone) co_return std::string_view();
    if (head().expects_continue && !has_sent_continue_ && !parser_.is_complete() && buffer_.bytes().empty()) {
      has_sent_continue_ = true;
      co_await send("HTTP/1.1 100 Continue\r\n\r\n", {}, {});
    }
    deadline_.expire_after(timeouts().body);
    for (;;) {
      const http::RequestParser::Result result = parse();
      if (result.event == Event::kError) throw BadBody(parser_.error().status, parser_.error().reason);
      if (result.event != Event::kNeedMore) {
        deadline_.clear();
        co_return result.body;  // empty with kComplete
      }
      if (co_await read_more()) continue;
      if (deadline_.has_expired()) throw BadBody(408, "the body took too long");
      is_lost_ = true;
      throw std::system_error(std::make_error_code(std::errc::connection_reset),
                              "the client left in the middle of the body");
    }
  }

  asio::awaitable<void> respond(http::Status status, const http::Headers& headers, std::string_view body) override {
    write_head(status, headers, body.size());
    answer_ = Answer::kComplete;
    return send(out_, may_have_body_ ? body : std::string_view(), {});
  }

  void begin(http::Status status, const http::Headers& headers, std::optional<std::uint64_t> content_length) override {
    write_head(status, headers, content_length);
    answer_ = Answer::kBegun;
    has_sent_head_ = false;
    left_ = content_length;
  }

  asio::awaitable<void> write(std::string_view piece) override {
    if (answer_ != Answer::kBegun) throw std::logic_error("write() outside of begin() and finish()");
    start_piece();
    if (!may_have_body_) piece = {};
    if (left_) {
      if (piece.size() > *left_) throw std::length_error("the answer is longer than its Content-Length");
      *left_ -= piece.size();
    }
    if (!is_chunked_ || piece.empty()) return send(out_, piece, {});
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
    out_.append(digits.data(), end).append("\r\n");
    return send(out_, piece, "\r\n");
  }

  asio::awaitable<void> finish() override {
    if (answer_ != Answer::kBegun) throw std::logic_error("finish() without begin()");
    if (left_.value_or(0) > 0 && may_have_body_) {
      throw std::length_error("the answer is " + std::to_string(*left_) + " bytes shorter than its Content-Length");
    }
    start_piece();
    if (is_chunked_) out_.append("0\r\n\r\n");
    answer_ = Answer::kComplete;
    return send(out_, {}, {});
  }

  void on_disconnect(std::function<void()> callback) override {
    on_disconnect_ = std::move(callback);
    if (is_lost_ || read_ahead_error_) {
      tell_of_disconnect();
    } else {
      read_ahead();
    }
  }

 private:
  using Event = http::RequestParser::Event;

  enum class Head {
    kRequest,
    kRefused,  // and answered so
    kNone,     // the client had no more to say
  };

  enum class Answer { kNone, kBegun, kComplete };

  // The time in which on_disconnect_ may be called: what it uses is in the frame of answer().
  class Watch {
   public:
    explicit Watch(HttpConnection& connection) : connection_(connection) {}
    ~Watch() { connection_.on_disconnect_ = nullptr; }

    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    HttpConnection& connection_;
  };

  const ServerTimeouts& timeouts() const { return service_.options_.timeouts; }

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
        co_await respond_plainly(parser_.error().status, parser_.error().reason);
        co_return Head::kRefused;
      }
      if (parser_.has_begun() && !had_begun) deadline_.expire_after(timeouts().head);
      is_idle_ = !parser_.has_begun();
      if (is_idle_ && seat_.is_stopping()) co_return Head::kNone;
      const bool has_more = co_await read_more();
      is_idle_ = false;
      if (has_more) continue;
      if (!deadline_.has_expired() || !parser_.has_begun()) co_return Head::kNone;
      co_await respond_plainly(408, "the request took too long");
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
    if (is_reading_ahead_) {
      co_await wait_for_read_ahead();
      co_return !read_ahead_error_ && !deadline_.has_expired();
    }
    if (read_ahead_error_) co_return false;
    const std::span<char> room = buffer_.prepare();
    const auto [error, size] = co_await stream_.read_some(asio::buffer(room.data(), room.size()));
    buffer_.commit(size);
    co_return !error && !deadline_.has_expired();
  }

  // --- Reading while an answer is made, to see the client go.
  //
  // A read that is under way when the answer is complete stays, as the next one that read_more() would begin.
  void read_ahead() {
    const std::size_t held = buffer_.bytes().size();
    if (is_reading_ahead_ || held >= kMostReadAhead) return;
    const std::span<char> room = buffer_.prepare();
    is_reading_ahead_ = true;
    stream_.read_some(asio::buffer(room.data(), std::min(room.size(), kMostReadAhead - held)),
                      [this](const error_code& error, std::size_t size) { has_read_ahead(error, size); });
  }

  void has_read_ahead(const error_code& error, std::size_t size) {
    is_reading_ahead_ = false;
    buffer_.commit(size);
    read_ahead_error_ = error;
    if (read_ahead_waiter_) read_ahead_waiter_->cancel();
    if (!on_disconnect_) return;
    if (error) {
      tell_of_disconnect();
    } else {
      read_ahead();
    }
  }

  asio::awaitable<void> wait_for_read_ahead() {
    if (!read_ahead_waiter_) read_ahead_waiter_.emplace(stream_.get_executor(), asio::steady_timer::time_point::max());
    while (is_reading_ahead_) co_await read_ahead_waiter_->async_wait(asio::as_tuple(asio::use_awaitable));
  }

  void tell_of_disconnect() {
    lose();
    if (const auto callback = std::exchange(on_disconnect_, nullptr)) callback();
  }

  // Nothing more goes either way.
  void lose() {
    is_lost_ = true;
    stream_.reset();
  }

  // --- Writing.

  // Leaves the head in out_ and settles how the body is sent, and whether another request may follow.
  void write_head(http::Status status, const http::Headers& headers, std::optional<std::uint64_t> content_length) {
    if (answer_ != Answer::kNone) throw std::logic_error("the request has its answer already");
    const bool is_http10 = head().minor_version == 0;
    const bool may_have_body = head().method != "HEAD" && !status.is_bodiless();
    const bool is_chunked = may_have_body && !content_length && !is_http10;
    const bool is_delimited = !may_have_body || content_length || is_chunked;
    const bool keep_alive = is_delimited && head().keep_alive && drop_body() && !seat_.is_stopping() &&
                            !headers.has_token("Connection", "close");
    out_.clear();
    http::append_response_head(out_, status, headers,
                               {.content_length = content_length,
                                .chunked = is_chunked,
                                .keep_alive = keep_alive,
                                .is_http10 = is_http10,
                                .date = service_.date()});
    may_have_body_ = may_have_body;
    is_chunked_ = is_chunked;
    keep_alive_ = keep_alive;
  }

  // Drops what has come of a body that was not read. Whether that is the whole: if not, the connection ends with the
  // answer, since the client may send the rest or, waiting for 100 Continue, never.
  bool drop_body() {
    Event event;
    do {
      event = parse().event;
    } while (event == Event::kBody);
    return event == Event::kComplete;
  }

  // What cannot become a request, or was not answered.
  asio::awaitable<void> respond_plainly(http::Status status, std::string_view reason) {
    const http::Headers headers{{"Content-Type", "text/plain; charset=utf-8"}};
    const std::string body =
        std::to_string(status.code()) + ": " + std::string(reason.empty() ? status.reason() : reason);
    co_await respond(status, headers, body);
  }

  // The head, once, and what the next piece begins with.
  void start_piece() {
    if (std::exchange(has_sent_head_, true)) out_.clear();
  }

  // Sends all three, as long as the client takes some of it before each deadline.
  asio::awaitable<void> send(std::string_view head, std::string_view body, std::string_view end) {
    while (!is_lost_ && !(head.empty() && body.empty() && end.empty())) {
      deadline_.expire_after(timeouts().write);
      const Stream::ConstBuffers buffers{asio::buffer(head), asio::buffer(body), asio::buffer(end)};
      auto [error, size] = co_await stream_.write_some(buffers);
      if (error && !is_lost_) tell_of_disconnect();
      for (std::string_view* part : {&head, &body, &end}) {
        const std::size_t of_part = std::min(size, part->size());
        part->remove_prefix(of_part);
        size -= of_part;
      }
    }
    deadline_.clear();
  }

  // Ends the connection so that the last answer arrives: closing with unread bytes would reset it on its way.
  asio::awaitable<void> linger() {
    if (is_reading_ahead_) co_await end_reading_ahead();
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

  void log_failure(std::string_view what) {
    const Log& log = service_.options_.log;
    if (is_lost_ || !log) return;
    log(head().method + " " + std::string(head().target.raw_path()) + ": " + escape_for_log(what));
  }

  HttpService& service_;
  ConnectionGroup::Seat& seat_;
  Stream stream_;
  Deadline deadline_;
  ReadBuffer buffer_;
  http::RequestParser parser_;
  bool is_idle_ = false;  // waits for a request or for the end: may be cut off
  bool is_lost_ = false;  // the client is gone: nothing more can be written

  // Of this request and its answer.
  Answer answer_ = Answer::kNone;
  bool has_sent_continue_ = false;
  bool keep_alive_ = false;
  bool may_have_body_ = false;
  bool is_chunked_ = false;
  bool has_sent_head_ = false;
  std::optional<std::uint64_t> left_;  // bytes still to come, if that was said
  std::string out_;                    // the head, or what goes before a piece
  std::function<void()> on_disconnect_;

  bool is_reading_ahead_ = false;
  error_code read_ahead_error_;  // the stream gives nothing more
  std::optional<asio::steady_timer> read_ahead_waiter_;
};

asio::awaitable<void> serve_http(std::shared_ptr<HttpService> service, asio::ip::tcp::socket socket,
                                 std::shared_ptr<asio::ssl::context> tls, ConnectionGroup::Seat& seat) {
  HttpConnection connection(*service, std::move(socket), tls.get(), seat);
  std::exception_ptr failure;
  try {
    co_await connection.run();
  } catch (...) {
    failure = std::current_exception();
  }
  if (connection.is_reading_ahead()) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await connection.end_reading_ahead();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace prometheus_async::aio::net
