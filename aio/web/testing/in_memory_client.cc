// SPDX-License-Identifier: Apache-2.0

#include "aio/web/testing/in_memory_client.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include "aio/http/request_parser.h"
#include "aio/http/status.h"
#include "aio/net/address.h"
#include "aio/net/http_connection.h"
#include "aio/web/connection.h"

namespace prometheus_async::aio::web::testing {
namespace {

// The request as the wire has it, so that its head is read as a server reads it.
std::string wire_form(std::string_view method, std::string_view target, std::string_view body,
                      const http::Headers& headers) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  if (!headers.contains("Host")) add("Host", "test");
  for (std::size_t i = 0; i < headers.size(); ++i) add(headers[i].name, headers[i].value);
  if (!body.empty()) add("Content-Length", std::to_string(body.size()));
  return text.append("\r\n").append(body);
}

class MemoryExchange final : public net::HttpExchange {
 public:
  MemoryExchange(asio::io_context& io_context, std::string request)
      : io_context_(io_context), bytes_(std::move(request)), parser_(limits()) {
    if (parse().event == http::RequestParser::Event::kHead) return;
    throw std::invalid_argument("a server refuses this request: " + std::string(parser_.error().reason));
  }

  ClientResponse take() { return std::move(response_); }
  bool is_answered() const { return is_finished_; }

  const http::RequestHead& head() const override { return parser_.head(); }
  const net::Address& peer() const override { return peer_; }
  bool is_secure() const override { return false; }
  asio::any_io_executor get_executor() override { return io_context_.get_executor(); }

  asio::awaitable<std::string_view> read_some() override {
    const http::RequestParser::Result result = parse();
    if (result.event == http::RequestParser::Event::kError) {
      throw net::BadBody(parser_.error().status, parser_.error().reason);
    }
    co_return result.body;
  }

  asio::awaitable<void> respond(http::Status status, const http::Headers& headers, std::string_view body) override {
    respond_now(status, headers, body);
    return nothing();
  }
  void respond_now(http::Status status, const http::Headers& headers, std::string_view body) override {
    begin(status, headers, body.size());
    append(body);
    is_finished_ = true;
  }
  void begin(http::Status status, const http::Headers& headers, std::optional<std::uint64_t>) override {
    if (response_.status != 0) throw std::logic_error("the request has its answer already");
    response_.status = status.code();
    response_.headers = headers;
    may_have_body_ = head().method != "HEAD" && !status.is_bodiless();
  }
  asio::awaitable<void> write(std::string_view piece) override {
    append(piece);
    return nothing();
  }
  asio::awaitable<void> finish() override {
    is_finished_ = true;
    return nothing();
  }
  std::uint64_t bytes_sent() const override { return response_.body.size(); }

  // The client stays until it has its answer.
  void on_disconnect(std::function<void()>) override {}
  bool is_lost() const override { return false; }
  void on_stop(std::function<void()>) override {}
  bool is_stopping() const override { return false; }
  http::RequestParser release() override { return std::move(parser_); }

 private:
  static http::RequestLimits limits() {
    http::RequestLimits limits;
    limits.body = UINT64_MAX;
    return limits;
  }
  static asio::awaitable<void> nothing() { co_return; }

  http::RequestParser::Result parse() {
    const http::RequestParser::Result result = parser_.parse(std::string_view(bytes_).substr(consumed_));
    consumed_ += result.consumed;
    return result;
  }
  void append(std::string_view piece) {
    if (may_have_body_) response_.body.append(piece);
  }

  asio::io_context& io_context_;
  const std::string bytes_;
  std::size_t consumed_ = 0;
  http::RequestParser parser_;
  const net::Address peer_{"192.0.2.1", 50000};
  ClientResponse response_;
  bool may_have_body_ = false;
  bool is_finished_ = false;
};

}  // namespace

struct InMemoryClient::Impl {
  explicit Impl(Application application) : app(std::make_shared<Application>(std::move(application))) {
    app->freeze();
    run(app->startup());
    service.emplace(io_context.get_executor(), app, net::HttpOptions());
  }

  // To its end; throws what it throws.
  void run(asio::awaitable<void> awaitable) {
    std::optional<std::exception_ptr> ended;
    asio::co_spawn(io_context, std::move(awaitable),
                   [&ended](std::exception_ptr failure) { ended = std::move(failure); });
    io_context.restart();
    while (!ended && io_context.run_one() > 0) {
    }
    if (!ended) throw std::logic_error("the handler waits for something that never comes");
    if (*ended) std::rethrow_exception(*ended);
  }

  asio::io_context io_context{1};
  std::shared_ptr<Application> app;
  std::optional<ApplicationService> service;
  bool is_closed = false;
};

InMemoryClient::InMemoryClient(Application app) : impl_(std::make_unique<Impl>(std::move(app))) {}
InMemoryClient::~InMemoryClient() { close(); }

ClientResponse InMemoryClient::request(std::string_view method, std::string_view target, std::string_view body,
                                       const http::Headers& headers) {
  MemoryExchange exchange(impl_->io_context, wire_form(method, target, body, headers));
  boost::asio::awaitable<void> rest = impl_->service->answer(exchange);
  if (rest.valid()) impl_->run(std::move(rest));
  if (!exchange.is_answered()) throw std::logic_error("the answer was begun and not finished");
  return exchange.take();
}

void InMemoryClient::close() {
  if (std::exchange(impl_->is_closed, true)) return;
  impl_->run(impl_->app->shutdown());
  impl_->run(impl_->app->cleanup());
}

boost::asio::io_context& InMemoryClient::io_context() { return impl_->io_context; }

}  // namespace prometheus_async::aio::web::testing
