// SPDX-License-Identifier: Apache-2.0

#include "tx/listening_port.h"

#include <stdexcept>
#include <utility>

#include "tx/defer_later.h"
#include "tx/from_awaitable.h"
#include "tx/internal/run_call.h"
#include "tx/listening_port_impl.h"
#include "tx/reactor.h"

namespace prometheus_async::tx {
namespace {

using aio::net::ConnectionGroup;

asio::awaitable<void> serve(std::shared_ptr<Factory> factory, aio::net::Socket socket,
                            std::shared_ptr<asio::ssl::context> tls, ConnectionGroup::Seat& seat) {
  try {
    asio::awaitable<void> connection = factory->serve(std::move(socket), std::move(tls), seat);
    co_await std::move(connection);
  } catch (...) {
    if (!seat.is_aborted()) internal::report_current_exception("in a connection");
  }
}

}  // namespace

ListeningPort::Impl::Impl(Reactor& reactor, std::uint16_t port, std::shared_ptr<Factory> factory,
                          std::shared_ptr<asio::ssl::context> tls, ListenOptions options)
    : reactor_(reactor), factory_(std::move(factory)), options_(std::move(options)) {
  server_.emplace(reactor.context().get_executor(),
                  aio::net::ServerOptions{
                      .max_connections = options_.max_connections, .backlog = options_.backlog, .log = options_.log},
                  [owner = factory_, tls = std::move(tls)](aio::net::Socket socket, ConnectionGroup::Seat& seat) {
                    return serve(owner, std::move(socket), tls, seat);
                  });
  if (factory_->ports_ == 0) factory_->do_start(reactor);
  ++factory_->ports_;
  is_listening_ = true;
  try {
    server_->listen_numeric(options_.interface, port);
  } catch (const std::system_error& error) {
    close();
    const std::string host = options_.interface.empty() ? "*" : options_.interface;
    throw CannotListenError(error.code(), "cannot listen on " + aio::net::Address{host, port}.to_string());
  } catch (...) {
    close();
    throw;
  }
  host_ = server_->addresses().front();
}

ListeningPort::Impl::~Impl() { abort(); }

Deferred<void> ListeningPort::Impl::stop_listening() {
  return close() ? defer_later(reactor_, Duration::zero()) : succeed();
}

Deferred<void> ListeningPort::Impl::shut_down() {
  close();
  return from_awaitable(reactor_.context(), server_->shut_down(options_.shutdown_timeout));
}

void ListeningPort::Impl::abort() noexcept {
  close();
  server_.reset();
}

bool ListeningPort::Impl::close() {
  if (!std::exchange(is_listening_, false)) return false;
  server_->close_listeners();
  if (--factory_->ports_ > 0) return true;
  try {
    factory_->do_stop();
  } catch (...) {
    internal::report_current_exception("in Factory::do_stop");
  }
  return true;
}

const aio::net::Address& ListeningPort::get_host() const { return impl_->host(); }
Deferred<void> ListeningPort::stop_listening() { return impl_->stop_listening(); }
std::size_t ListeningPort::connections() const { return impl_->connections(); }

}  // namespace prometheus_async::tx
