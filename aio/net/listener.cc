// SPDX-License-Identifier: Apache-2.0

#include "aio/net/listener.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::aio::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
namespace errc = boost::system::errc;

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kFirstPause(100);
constexpr std::chrono::milliseconds kLongestPause(1000);

// No child process of the program gets the socket. Asio has no option for it.
void close_on_exec(int descriptor) { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

void throw_if(const error_code& ec, const std::string& where) {
  if (ec) throw std::system_error(ec, "listen on " + where);
}

// This machine lacks the address or its whole family: no reason to fail if a name has others.
bool is_absent_here(const std::system_error& error) {
  return error.code() == std::errc::address_not_available || error.code() == std::errc::address_family_not_supported;
}

asio::awaitable<std::vector<tcp::endpoint>> look_up(std::string host, std::uint16_t port) {
  error_code ec;
  const asio::ip::address numeric = asio::ip::make_address(host, ec);
  if (!ec) co_return std::vector<tcp::endpoint>(1, tcp::endpoint(numeric, port));
  tcp::resolver resolver(co_await asio::this_coro::executor);
  const std::string service = std::to_string(port);
  const auto [error, results] = co_await resolver.async_resolve(
      host, service, tcp::resolver::passive | tcp::resolver::numeric_service, kAwaitTuple);
  throw_if(error, Address{host, port}.to_string());
  co_return std::vector<tcp::endpoint>(results.begin(), results.end());
}

// At those that this machine has, which is one or more.
std::vector<std::unique_ptr<Listener>> listen_at_each(const asio::any_io_executor& executor,
                                                      std::vector<tcp::endpoint> endpoints,
                                                      const ListenOptions& options) {
  std::vector<std::unique_ptr<Listener>> listeners;
  std::optional<std::system_error> absent;
  for (tcp::endpoint& endpoint : endpoints) {
    if (!listeners.empty()) endpoint.port(listeners.front()->address().port);
    try {
      listeners.push_back(std::make_unique<Listener>(executor, endpoint, options));
    } catch (const std::system_error& error) {
      if (!is_absent_here(error)) throw;
      absent.emplace(error);
    }
  }
  if (listeners.empty()) throw std::system_error(*absent);
  return listeners;
}

}  // namespace

Listener::Listener(asio::any_io_executor executor, const tcp::endpoint& endpoint, const ListenOptions& options)
    : acceptor_(executor), pause_(executor), log_(options.log) {
  const std::string where = Address{endpoint.address().to_string(), endpoint.port()}.to_string();
  error_code ec;
  acceptor_.open(endpoint.protocol(), ec);
  throw_if(ec, where);
  close_on_exec(acceptor_.native_handle());
  acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  throw_if(ec, where);
  if (endpoint.address().is_v6()) {  // the wildcard takes IPv4 as well; else the system's default would decide
    acceptor_.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), ec);
    throw_if(ec, where);
  }
  acceptor_.bind(endpoint, ec);
  throw_if(ec, where);
  acceptor_.listen(options.backlog, ec);
  throw_if(ec, where);
  const tcp::endpoint local = acceptor_.local_endpoint(ec);
  throw_if(ec, where);
  address_ = {local.address().to_string(), local.port()};
}

asio::awaitable<std::optional<tcp::socket>> Listener::accept() {
  std::chrono::milliseconds pause = kFirstPause;
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwaitTuple);
    if (!error) {
      close_on_exec(socket.native_handle());
      error_code ignored;  // the peer may have gone
      socket.set_option(tcp::no_delay(true), ignored);
      co_return std::move(socket);
    }
    if (!acceptor_.is_open()) break;
    if (error == errc::connection_aborted || error == errc::protocol_error) continue;
    if (log_ && (pause == kFirstPause || pause == kLongestPause)) {
      log_("accept on " + address_.to_string() + ": " + error.message());
    }
    pause_.expires_after(pause);
    co_await pause_.async_wait(kAwaitTuple);
    pause = std::min(2 * pause, kLongestPause);
  }
  co_return std::nullopt;
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

asio::awaitable<std::vector<std::unique_ptr<Listener>>> listen(std::string host, std::uint16_t port,
                                                               ListenOptions options) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  if (host.empty()) co_return listen_numeric(executor, host, port, options);
  std::vector<tcp::endpoint> endpoints = co_await look_up(host, port);
  co_return listen_at_each(executor, std::move(endpoints), options);
}

std::vector<std::unique_ptr<Listener>> listen_numeric(const asio::any_io_executor& executor, const std::string& host,
                                                      std::uint16_t port, const ListenOptions& options) {
  if (!host.empty()) {
    error_code ec;
    const asio::ip::address address = asio::ip::make_address(host, ec);
    throw_if(ec, Address{host, port}.to_string());
    return listen_at_each(executor, {{address, port}}, options);
  }
  try {
    return listen_at_each(executor, {{tcp::v6(), port}}, options);  // which takes IPv4 as well
  } catch (const std::system_error& error) {
    if (!is_absent_here(error)) throw;
  }
  return listen_at_each(executor, {{tcp::v4(), port}}, options);
}

}  // namespace prometheus_async::aio::net
