// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/scripted_http_server.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/system_error.hpp>

namespace prometheus_async::testing {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

struct ScriptedHttpServer::State {
  explicit State(asio::io_context& context)
      : acceptor(context, {asio::ip::address_v4::loopback(), 0}), port(acceptor.local_endpoint().port()) {}

  void stop() {
    acceptor.close();
    for (tcp::socket* socket : sockets) socket->close();
  }

  static asio::awaitable<void> accept(std::shared_ptr<State> state);
  static asio::awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket, std::size_t number);
  // False if the connection is to close.
  asio::awaitable<bool> play(tcp::socket& socket, const Answer& answer);

  tcp::acceptor acceptor;
  std::uint16_t port;
  std::set<tcp::socket*> sockets;  // open; owned by serve()
  std::deque<Answer> answers;
  std::function<asio::awaitable<Answer>(const ReceivedRequest&)> answer_by;
  std::vector<ReceivedRequest> requests;
  std::size_t connections = 0;
};

asio::awaitable<void> ScriptedHttpServer::State::accept(std::shared_ptr<State> state) {
  try {
    for (;;) {
      tcp::socket socket = co_await state->acceptor.async_accept(asio::use_awaitable);
      const auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(state, std::move(socket), state->connections++), asio::detached);
    }
  } catch (const boost::system::system_error&) {  // the server was destroyed
  }
}

asio::awaitable<void> ScriptedHttpServer::State::serve(std::shared_ptr<State> state, tcp::socket socket,
                                                       std::size_t number) {
  state->sockets.insert(&socket);
  try {
    boost::beast::flat_buffer buffer;
    for (bool open = true; open;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(boost::none);
      co_await http::async_read(socket, buffer, parser, asio::use_awaitable);
      const http::request<http::string_body>& request = parser.get();
      ReceivedRequest received{
          std::string(request.method_string()), std::string(request.target()), {}, request.body(), number};
      for (const auto& field : request) {
        received.headers[absl::AsciiStrToLower(std::string(field.name_string()))] = std::string(field.value());
      }
      state->requests.push_back(received);
      Answer answer = Answer::status(200);
      if (!state->answers.empty()) {
        answer = std::move(state->answers.front());
        state->answers.pop_front();
      } else if (state->answer_by) {
        answer = co_await state->answer_by(received);
      }
      open = co_await state->play(socket, answer);
    }
  } catch (const boost::system::system_error&) {  // the client has closed, or the server was destroyed
  }
  state->sockets.erase(&socket);
}

asio::awaitable<bool> ScriptedHttpServer::State::play(tcp::socket& socket, const Answer& answer) {
  const std::string first = answer.then == Answer::Then::kDribble ? answer.head : answer.head + answer.bytes;
  co_await asio::async_write(socket, asio::buffer(first), asio::use_awaitable);
  if (answer.then == Answer::Then::kServe) co_return true;
  if (answer.then == Answer::Then::kClose) co_return false;
  if (answer.then == Answer::Then::kReset) {
    socket.set_option(tcp::socket::linger(true, 0));
    socket.close();  // Asio's destructor would forget about the option
    co_return false;
  }
  asio::steady_timer pause(socket.get_executor());
  for (std::size_t i = 0; answer.then == Answer::Then::kDribble; ++i) {  // until writing throws
    const auto byte = asio::buffer(answer.bytes.data() + i % answer.bytes.size(), 1);
    co_await asio::async_write(socket, byte, asio::use_awaitable);
    pause.expires_after(std::chrono::milliseconds(5));
    co_await pause.async_wait(asio::use_awaitable);
  }
  while (answer.then == Answer::Then::kForever) {  // until writing throws
    co_await asio::async_write(socket, asio::buffer(answer.bytes), asio::use_awaitable);
  }
  co_await socket.async_wait(tcp::socket::wait_read, asio::use_awaitable);
  co_return false;
}

Answer Answer::status(int status, const std::string& body, const std::string& headers) {
  return {absl::StrCat("HTTP/1.1 ", status, " Scripted\r\nContent-Length: ", body.size(), "\r\n", headers, "\r\n"),
          body, Then::kServe};
}

Answer Answer::endless_body() {
  return {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          absl::StrCat("1000\r\n", std::string(0x1000, 'x'), "\r\n"), Then::kForever};
}

Answer Answer::endless_headers() {
  return {"HTTP/1.1 200 OK\r\n", absl::StrCat("X-Filler: ", std::string(0x1000, 'x'), "\r\n"), Then::kForever};
}

std::optional<std::string> ReceivedRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

ScriptedHttpServer::ScriptedHttpServer(asio::io_context& context) : state_(std::make_shared<State>(context)) {
  asio::co_spawn(context, State::accept(state_), asio::detached);
}

ScriptedHttpServer::~ScriptedHttpServer() { state_->stop(); }

void ScriptedHttpServer::stop() { state_->stop(); }

void ScriptedHttpServer::start() {
  state_->acceptor = tcp::acceptor(state_->acceptor.get_executor(), {asio::ip::address_v4::loopback(), state_->port});
  asio::co_spawn(state_->acceptor.get_executor(), State::accept(state_), asio::detached);
}

std::uint16_t ScriptedHttpServer::port() const { return state_->port; }
std::string ScriptedHttpServer::url() const { return absl::StrCat("http://127.0.0.1:", port()); }
void ScriptedHttpServer::answer(Answer answer) { state_->answers.push_back(std::move(answer)); }
void ScriptedHttpServer::answer_by(std::function<asio::awaitable<Answer>(const ReceivedRequest&)> answer) {
  state_->answer_by = std::move(answer);
}
const std::vector<ReceivedRequest>& ScriptedHttpServer::requests() const { return state_->requests; }
std::size_t ScriptedHttpServer::connections() const { return state_->connections; }
std::size_t ScriptedHttpServer::open_connections() const { return state_->sockets.size(); }

}  // namespace prometheus_async::testing
