// SPDX-License-Identifier: Apache-2.0

#include "aio/net/http_connection.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>

#include "aio/http/response_writer.h"
#include "aio/net/body_pace.h"
#include "aio/net/http_observation.h"
#include "aio/net/stream.h"
#include "aio/net/stream_reader.h"

namespace prometheus_async::aio::net {

using boost::system::error_code;

namespace {

constexpr int kMostWithoutWaiting = 16;  // answers, or pieces, after which other connections have a turn
constexpr std::size_t kMostKept = 4096;  // bytes of what was unsent, as memory for the next

using Parts = http::ResponseWriter::Parts;

Stream::ConstBuffers buffers_of(const Parts& parts) {
  return {asio::buffer(parts[0]), asio::buffer(parts[1]), asio::buffer(parts[2])};
}

bool is_empty(const Parts& parts) { return parts[0].empty() && parts[1].empty() && parts[2].empty(); }

void remove_front(Parts& parts, std::size_t size) {
  for (std::string_view& part : parts) {
    const std::size_t of_part = std::min(size, part.size());
    part.remove_prefix(of_part);
    size -= of_part;
  }
}

}  // namespace

std::string_view HttpService::date() {
  timespec now{};  // as of the kernel's last tick, for a fifth of the cost
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return date_.at(std::chrono::system_clock::from_time_t(now.tv_sec));
}

void HttpService::log_failure(const http::RequestHead& head, std::string_view what) const {
  if (options_.log) options_.log(head.method + " " + std::string(head.target.raw_path()) + ": " + escape_for_log(what));
}

class HttpConnection final : public HttpExchange {
 public:
  HttpConnection(HttpService& service, Socket socket, asio::ssl::context* tls, ConnectionGroup::Seat& seat)
      : service_(service),
        seat_(seat),
        stream_(std::move(socket), tls),
        reader_(stream_),
        deadline_(service.deadlines_, [this] { stream_.cancel(); }),
        parser_(service.options_.limits) {
    seat_.on_stop([this] {
      if (is_idle_) stream_.cancel();
      tell_of_stop();
    });
    seat_.on_abort([this] { stream_.cancel(); });
  }

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // A request that is answered at once passes through here without a coroutine frame but this one. Asio keeps two
  // frames a thread for the next; each further one that lives at a time is an allocation.
  asio::awaitable<void> run() {
    if (stream_.is_tls() && !co_await shake_hands()) co_return;
    deadline_.expire_after(timeouts().first_byte);
    do {
      begin_request();
      std::optional<http::ParseError> refusal;
      for (Event event = parse().event; event != Event::kHead && !refusal; event = parse().event) {
        if (event == Event::kError) {
          refusal = parser_.error();
          break;
        }
        if (!can_wait_for_head()) co_return;
        const Stream::Result received = co_await reader_.receive_uncancelled();
        is_idle_ = false;
        sent_without_waiting_ = 0;
        if (reader_.take(received) && !deadline_.has_expired()) continue;
        if (deadline_.has_expired() && requests_ == 1 && !parser_.has_begun()) {
          observation_.reject(HttpRejection::kTimeout);
        }
        if (!deadline_.has_expired() || !parser_.has_begun()) co_return;
        refusal = http::ParseError{408, "the request took too long"};
        break;
      }
      deadline_.clear();
      const Account account(*this, refusal ? nullptr : &parser_.head());
      if (refusal) {
        co_await refuse(*refusal);
        break;
      }
      std::optional<BadBody> failure;
      try {
        const Watch watch(*this);
        asio::awaitable<void> rest = service_.answer(*this);
        if (rest.valid()) co_await std::move(rest);
      } catch (const BadBody& error) {
        failure = error;
      } catch (const std::exception& error) {
        if (seat_.is_aborted()) throw;
        log_failure(error.what());
      } catch (...) {
        if (seat_.is_aborted()) throw;
        log_failure("an exception that is no std::exception");
      }
      if (!unsent_.empty()) {
        const Parts parts{unsent_, {}, {}};
        co_await send_rest(parts);
      }
      if (!writer_.has_begun() && !is_lost_) {
        if (!failure) failure.emplace(500, http::Status(500).reason());
        co_await respond_plainly(failure->status(), failure->what());
      }
      if (!writer_.is_complete()) lose();
      if (should_give_way()) {
        sent_without_waiting_ = 0;
        co_await service_.turns_.next();
      }
    } while (!is_lost_ && writer_.keep_alive());
    if (!is_lost_) co_await linger();
  }

  // A read that was begun for on_disconnect() and has not ended: *this lives until it has.
  bool is_reading_ahead() const { return reader_.is_reading_ahead(); }
  asio::awaitable<void> end_reading_ahead() { return reader_.end_reading_ahead(); }

  // --- HttpExchange.
  const http::RequestHead& head() const override { return parser_.head(); }
  const Address& peer() const override { return stream_.peer(); }
  bool is_secure() const override { return stream_.is_tls(); }
  asio::any_io_executor get_executor() override { return stream_.get_executor(); }
  bool is_lost() const override { return is_lost_; }
  bool takes_failures() const override { return !writer_.has_begun() && !is_lost_ && !seat_.is_aborted(); }
  http::RequestParser release() override {
    is_lost_ = true;
    is_released_ = true;
    return std::move(parser_);
  }

  asio::awaitable<std::string_view> read_some() override {
    if (writer_.has_begun()) co_return std::string_view();
    auto left = std::chrono::nanoseconds(timeouts().body);
    for (;;) {
      const http::RequestParser::Result result = parse();
      if (result.event == Event::kError) throw BadBody(parser_.error().status, parser_.error().reason);
      if (result.event != Event::kNeedMore) co_return result.body;  // empty with kComplete
      if (head().expects_continue && !has_sent_continue_ && reader_.bytes().empty()) {
        has_sent_continue_ = true;
        const Parts parts{"HTTP/1.1 100 Continue\r\n\r\n", {}, {}};
        co_await send(parts);
      }
      deadline_.expire_after(std::min(left, body_pace_.patience()));
      const auto began = Deadlines::Clock::now();
      const Stream::Result received = co_await reader_.receive();
      const auto waited = Deadlines::Clock::now() - began;
      const bool has_expired = deadline_.has_expired();
      deadline_.clear();
      if (has_expired) throw BadBody(408, "the body took too long");
      body_pace_.has_waited(waited, std::get<std::size_t>(received));
      left = std::max(left - waited, BodyPace::Duration::zero());
      if (reader_.take(received)) continue;
      is_lost_ = true;
      throw std::system_error(std::make_error_code(std::errc::connection_reset),
                              "the client left in the middle of the body");
    }
  }

  asio::awaitable<void> respond(http::Status status, const http::Headers& headers, std::string_view body) override {
    begin(status, headers, body.size());
    return send(writer_.whole(body));
  }

  void respond_now(http::Status status, const http::Headers& headers, std::string_view body) override {
    begin(status, headers, body.size());
    Parts parts = writer_.whole(body);
    if (send_now(parts)) return;
    for (const std::string_view part : parts) unsent_.append(part);
  }

  void begin(http::Status status, const http::Headers& headers, std::optional<std::uint64_t> content_length) override {
    const bool may_stay = head().keep_alive && drop_body() && !is_stopping() &&
                          requests_ < service_.options_.max_requests.value_or(UINT64_MAX);
    writer_.begin(head(), status, headers, content_length, {.keep_alive = may_stay, .date = service_.date()});
    if (timeouts().answer) answer_by_ = Deadlines::Clock::now() + *timeouts().answer;
    observation_.note(status, writer_.head());
  }

  asio::awaitable<void> write(std::string_view piece) override { return send(writer_.piece(piece)); }
  asio::awaitable<void> finish() override { return send(writer_.end()); }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }

  bool is_stopping() const override { return seat_.is_stopping(); }
  void on_stop(std::function<void()> callback) override {
    on_stop_ = std::move(callback);
    if (is_stopping()) tell_of_stop();
  }

  void on_disconnect(std::function<void()> callback) override {
    on_disconnect_ = std::move(callback);
    if (is_lost_) {
      tell_of_disconnect();
    } else {
      reader_.read_ahead([this] { tell_of_disconnect(); });
    }
  }

 private:
  using Event = http::RequestParser::Event;

  // The time in which callbacks may be called: what they use is in the frame of answer().
  class Watch {
   public:
    explicit Watch(HttpConnection& connection) : connection_(connection) {}
    ~Watch() {
      connection_.reader_.stop_reading_ahead();
      connection_.on_disconnect_ = nullptr;
      connection_.on_stop_ = nullptr;
    }

    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    HttpConnection& connection_;
  };

  // The time of one request and its answer, at whose end the observers are told.
  class Account {
   public:
    // `request` is null for what was refused.
    Account(HttpConnection& connection, const http::RequestHead* request) : connection_(connection), request_(request) {
      connection_.observation_.begin();
    }
    ~Account() {
      const HttpConnection& c = connection_;
      connection_.observation_.end({.peer = c.peer(),
                                    .request = c.is_released_ ? nullptr : request_,
                                    .bytes_sent = c.bytes_sent_,
                                    .is_complete = c.writer_.is_complete() && c.is_sent_,
                                    .is_lost = c.is_lost_});
    }

    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

   private:
    HttpConnection& connection_;
    const http::RequestHead* const request_;
  };

  const ServerTimeouts& timeouts() const { return service_.options_.timeouts; }

  asio::awaitable<bool> shake_hands() {
    is_idle_ = true;
    deadline_.expire_after(timeouts().tls_handshake);
    const error_code error = co_await stream_.handshake();
    is_idle_ = false;
    if (!error) co_return true;
    if (is_plain_http(error)) {
      stream_.give_up_tls();
      const Account account(*this, nullptr);
      co_await refuse({400, "plain HTTP on a port for HTTPS"});
      if (!is_lost_) co_await linger();
      co_return false;
    }
    if (!is_stopping()) {
      observation_.reject(deadline_.has_expired() ? HttpRejection::kTimeout : HttpRejection::kHandshake);
    }
    stream_.reset();
    co_return false;
  }

  // --- Reading.

  void begin_request() {
    if (requests_++ > 0) {
      parser_.reset();
      writer_.reset();
      reader_.shrink();
      deadline_.expire_after(timeouts().keep_alive);
    }
    is_head_timed_ = has_sent_continue_ = false;
    bytes_sent_ = 0;
    body_pace_ = BodyPace(timeouts().body_grace, service_.options_.min_body_rate);
  }

  // Before each read: under the deadline that is set, or from the first byte on under the head's own. False to end the
  // connection instead.
  bool can_wait_for_head() {
    is_idle_ = !parser_.has_begun();
    if (is_idle_) return !is_stopping();
    if (!std::exchange(is_head_timed_, true)) deadline_.expire_after(timeouts().head);
    return true;
  }

  http::RequestParser::Result parse() {
    const http::RequestParser::Result result = parser_.parse(reader_.bytes());
    reader_.consume(result.consumed);
    return result;
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

  void tell_of_disconnect() {
    lose();
    if (const auto callback = std::exchange(on_disconnect_, nullptr)) callback();
  }

  void tell_of_stop() {
    if (const auto callback = std::exchange(on_stop_, nullptr)) callback();
  }

  // Nothing more goes either way.
  void lose() {
    is_lost_ = true;
    stream_.reset();
  }

  // --- Writing.

  asio::awaitable<void> refuse(http::ParseError refusal) {
    service_.on_refused(peer(), refusal);
    return respond_plainly(refusal.status, refusal.reason);
  }

  // What cannot become a request, or was not answered.
  asio::awaitable<void> respond_plainly(http::Status status, std::string_view reason) {
    const http::Headers headers{{"Content-Type", "text/plain; charset=utf-8"}};
    const std::string body = std::to_string(status.code()) + ": " + std::string(reason);
    co_await respond(status, headers, body);
  }

  // At once, if the system takes it all.
  asio::awaitable<void> send(Parts parts) {
    if (!send_now(parts)) return send_rest(parts);
    return sent_without_waiting_ < kMostWithoutWaiting ? nothing() : give_others_a_turn();
  }

  // Leaves what the system does not take at once. Whether it took all, or there is nobody to send to.
  bool send_now(Parts& parts) {
    is_sent_ = false;
    if (is_lost_) return true;
    ++sent_without_waiting_;
    const auto [error, size] = stream_.write_now(buffers_of(parts));  // an error comes again when it is waited for
    bytes_sent_ += size;
    remove_front(parts, size);
    return is_sent_ = is_empty(parts);
  }

  // As long as the client takes some of it before each deadline.
  asio::awaitable<void> send_rest(Parts parts) {
    while (!is_lost_ && !is_empty(parts)) {
      deadline_.expire_after(patience_of_sending());
      const Stream::ConstBuffers buffers = buffers_of(parts);
      const auto [error, size] = co_await stream_.write_some(buffers);
      bytes_sent_ += size;
      remove_front(parts, size);
      if (error && !is_lost_) tell_of_disconnect();
    }
    sent_without_waiting_ = 0;
    is_sent_ = !is_lost_;
    deadline_.clear();
    unsent_.clear();
    if (unsent_.capacity() > kMostKept) std::string().swap(unsent_);
  }

  Deadlines::Clock::duration patience_of_sending() const {
    const Deadlines::Clock::duration patience = timeouts().write;
    if (!timeouts().answer || !writer_.has_begun()) return patience;
    return std::min(patience, std::max(answer_by_ - Deadlines::Clock::now(), Deadlines::Clock::duration::zero()));
  }

  static asio::awaitable<void> nothing() { co_return; }

  // Before the next request. A client that was answered in this turn has sent none yet, as a rule: a read would find
  // nothing, and the connection would have to be waited for by epoll although a turn later the request is there.
  bool should_give_way() const {
    return sent_without_waiting_ >= kMostWithoutWaiting || (sent_without_waiting_ > 0 && reader_.bytes().empty());
  }

  asio::awaitable<void> give_others_a_turn() {
    sent_without_waiting_ = 0;
    co_await service_.turns_.next();
  }

  // Ends the connection so that the last answer arrives: closing with unread bytes would reset it on its way.
  asio::awaitable<void> linger() {
    if (is_reading_ahead()) co_await end_reading_ahead();
    is_idle_ = true;
    deadline_.expire_after(timeouts().linger);
    if (co_await stream_.finish()) co_return;
    // However much that is: who writes first and reads then, as proxies do, would see an error in place of the answer.
    std::array<char, 16 * 1024> dropped;
    error_code error;
    while (!error && !deadline_.has_expired()) {
      error = std::get<error_code>(co_await stream_.discard_some(asio::buffer(dropped)));
    }
  }

  void log_failure(std::string_view what) const {
    if (!is_lost_) service_.log_failure(head(), what);
  }

  HttpService& service_;
  ConnectionGroup::Seat& seat_;
  Stream stream_;
  StreamReader reader_;
  Deadline deadline_;
  http::RequestParser parser_;
  http::ResponseWriter writer_;
  std::uint64_t requests_ = 0;
  int sent_without_waiting_ = 0;
  bool is_idle_ = false;  // waits for a request or for the end: may be cut off
  bool is_lost_ = false;  // the client is gone: nothing more can be written

  // Of this request and its answer.
  bool is_head_timed_ = false;
  bool has_sent_continue_ = false;
  bool is_sent_ = false;      // the last send() came to its end
  bool is_released_ = false;  // release() has taken the parser
  BodyPace body_pace_{{}, 0};
  std::uint64_t bytes_sent_ = 0;
  std::string unsent_;                        // of respond_now()
  Deadlines::Clock::time_point answer_by_{};  // if that is bounded
  std::function<void()> on_disconnect_;
  std::function<void()> on_stop_;
  HttpObservation observation_{service_.options_.observers};
};

asio::awaitable<void> serve_http(std::shared_ptr<HttpService> service, Socket socket,
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
