// SPDX-License-Identifier: Apache-2.0
//
// One request to a resource, without a connection, and what comes of it. The client can be made to leave.
//
//   Visit visit(app.resource(), "GET", "/users/7");
//   EXPECT_FALSE(visit.is_answered());
//   user.callback("Ann");
//   EXPECT_EQ(visit.answer(), "200 Ann");
#ifndef PROMETHEUS_ASYNC_TESTS_TX_WEB_VISIT_H_
#define PROMETHEUS_ASYNC_TESTS_TX_WEB_VISIT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/net/http_connection.h"
#include "tx/web/request.h"
#include "tx/web/request_channel.h"
#include "tx/web/resource.h"

namespace prometheus_async::testing {

class Visit {
 public:
  // `fields` are header lines with their ends; none make the request one of HTTP/1.0. As a Site, it renders and sends.
  Visit(tx::web::ResourcePtr root, std::string_view method, std::string_view target,
        std::string_view fields = "Host: example.com\r\n")
      : exchange_(io_context_->get_executor(), method, target, fields),
        request_(std::make_shared<tx::web::Request>(exchange_, "", settings())) {
    boost::asio::co_spawn(*io_context_, serve(std::move(root)), boost::asio::detached);
    io_context_->poll();
  }

  ~Visit() { io_context_.reset(); }  // and what is under way, which uses the rest

  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // Lets what is due happen, here and below.
  bool is_answered() {
    poll();
    return exchange_.is_complete;
  }
  // "200 hello", of an answer that is complete; else "none".
  std::string answer() {
    return is_answered() ? std::to_string(exchange_.status.code()) + " " + exchange_.body : "none";
  }
  std::optional<std::string> header(std::string_view name) {
    const auto value = exchange_.headers.get(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }
  // The pieces that the body came in; an answer in one piece has one.
  const std::vector<std::string>& pieces() {
    poll();
    return exchange_.pieces;
  }

  void leave() {
    exchange_.lost = true;
    if (const auto callback = std::exchange(exchange_.callback, nullptr)) callback();
    poll();
  }

  tx::web::Request& request() { return *request_; }
  // Lines for the log.
  const std::vector<std::string>& log() const { return log_; }

 private:
  class Exchange final : public aio::net::HttpExchange {
   public:
    Exchange(boost::asio::any_io_executor executor, std::string_view method, std::string_view target,
             std::string_view fields)
        : executor_(std::move(executor)) {
      std::string text(method);
      text.append(" ")
          .append(target)
          .append(fields.empty() ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n")
          .append(fields)
          .append("\r\n");
      if (parser_.parse(text).event != aio::http::RequestParser::Event::kHead) throw std::invalid_argument(text);
    }

    const aio::http::RequestHead& head() const override { return parser_.head(); }
    const aio::net::Address& peer() const override { return peer_; }
    bool is_secure() const override { return false; }
    boost::asio::any_io_executor get_executor() override { return executor_; }
    boost::asio::awaitable<std::string_view> read_some() override { co_return std::string_view(); }
    boost::asio::awaitable<void> respond(aio::http::Status code, const aio::http::Headers& fields,
                                         std::string_view bytes) override {
      begin(code, fields, bytes.size());
      pieces.emplace_back(bytes);
      body = bytes;
      is_complete = true;
      return nothing();
    }
    void begin(aio::http::Status code, const aio::http::Headers& fields, std::optional<std::uint64_t>) override {
      status = code;
      headers = fields;
    }
    boost::asio::awaitable<void> write(std::string_view piece) override {
      pieces.emplace_back(piece);
      body.append(piece);
      return nothing();
    }
    boost::asio::awaitable<void> finish() override {
      is_complete = true;
      return nothing();
    }
    void respond_now(aio::http::Status, const aio::http::Headers&, std::string_view) override {
      throw std::logic_error("outside of answer_now()");
    }
    std::uint64_t bytes_sent() const override { return body.size(); }
    void on_disconnect(std::function<void()> function) override { callback = std::move(function); }
    void on_stop(std::function<void()>) override {}
    bool is_stopping() const override { return false; }
    bool is_lost() const override { return lost; }
    aio::http::RequestParser release() override { return std::move(parser_); }

    aio::http::Status status = 200;
    aio::http::Headers headers;
    std::string body;
    std::vector<std::string> pieces;
    bool is_complete = false;
    bool lost = false;
    std::function<void()> callback;

   private:
    static boost::asio::awaitable<void> nothing() { co_return; }

    boost::asio::any_io_executor executor_;
    aio::http::RequestParser parser_;
    aio::net::Address peer_{"192.0.2.1", 12345};
  };

  boost::asio::awaitable<void> serve(tx::web::ResourcePtr root) {
    tx::web::RequestChannel channel(exchange_, request_);
    const tx::web::Body body = tx::web::render_request(root, *request_);
    co_await channel.send(body);
  }

  std::shared_ptr<const tx::web::RequestSettings> settings() {
    return std::make_shared<const tx::web::RequestSettings>(
        tx::web::RequestSettings{.log = [this](std::string_view line) { log_.emplace_back(line); }});
  }

  void poll() {
    io_context_->restart();
    io_context_->poll();
  }

  std::optional<boost::asio::io_context> io_context_{std::in_place};
  std::vector<std::string> log_;
  Exchange exchange_;
  std::shared_ptr<tx::web::Request> request_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TX_WEB_VISIT_H_
