// SPDX-License-Identifier: Apache-2.0

#include "aio/web/app_runner.h"

#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/net/http_connection.h"
#include "aio/net/http_observer.h"
#include "aio/net/listening_socket.h"
#include "aio/net/server_group.h"
#include "aio/net/systemd_sockets.h"
#include "aio/web/connection.h"

namespace prometheus_async::aio::web {
namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

// Tells them of clients that no connection was made of.
std::function<void(std::size_t)> teller_of_rejections(
    const std::vector<std::shared_ptr<net::HttpObserver>>& observers) {
  if (observers.empty()) return nullptr;
  return [observers](std::size_t count) {
    for (const auto& observer : observers) {
      for (std::size_t i = 0; i < count; ++i) observer->on_rejected(net::HttpRejection::kNoDescriptor);
    }
  };
}

net::TlsProvider tls_of(SiteOptions& options) {
  return options.tls ? std::move(options.tls) : net::fixed_tls(std::move(options.ssl_context));
}

}  // namespace

// Shared with the coroutines of the calls.
struct AppRunner::Impl {
  enum class Stage { kNew, kStarting, kServing, kStopping, kOver };

  Impl(std::vector<asio::any_io_executor> executors, Application application, const ServerOptions& options)
      : timeouts(options.timeouts),
        tcp_options{.backlog = options.backlog},
        app(std::make_shared<Application>(std::move(application))),
        stage_change(executors.empty() ? asio::any_io_executor() : executors.front(),
                     asio::steady_timer::time_point::max()),
        servers(std::move(executors),
                {.max_connections = options.max_connections,
                 .backlog = options.backlog,
                 .log = options.log,
                 .on_turned_away = teller_of_rejections(options.observers)},
                [this, http_options = internal::http_options(options)](const asio::any_io_executor& executor) {
                  return serve_with(std::make_shared<ApplicationService>(executor, app, http_options));
                }) {}

  static net::ServerGroup::Serve serve_with(std::shared_ptr<net::HttpService> service) {
    return [service = std::move(service)](net::Socket socket, std::shared_ptr<asio::ssl::context> tls,
                                          net::ConnectionGroup::Seat& seat) {
      return net::serve_http(service, std::move(socket), std::move(tls), seat);
    };
  }

  void enter(Stage next) {
    stage = next;
    stage_change.cancel();
  }

  asio::awaitable<void> wait_while(Stage awaited) {
    while (stage == awaited) co_await stage_change.async_wait(kAwaitTuple);
  }

  static asio::awaitable<void> set_up(std::shared_ptr<Impl> self) {
    co_await self->wait_while(Stage::kStarting);
    if (self->stage == Stage::kServing) co_return;
    if (self->stage != Stage::kNew) throw std::logic_error("the runner is over: it serves no more");
    self->enter(Stage::kStarting);
    std::exception_ptr failure;
    try {
      co_await self->app->startup();
    } catch (...) {
      failure = std::current_exception();
    }
    self->enter(failure ? Stage::kOver : Stage::kServing);
    if (failure) std::rethrow_exception(failure);
  }

  static asio::awaitable<void> add_tcp(std::shared_ptr<Impl> self, std::string host, std::uint16_t port,
                                       SiteOptions options) {
    co_await set_up(self);
    net::TcpOptions tcp = self->tcp_options;
    tcp.reuse_port = options.reuse_port;
    tcp.keep_alive = options.keep_alive;
    net::TlsProvider tls = tls_of(options);
    co_await self->servers.listen(std::move(host), port, tcp, std::move(tls));
  }

  static asio::awaitable<void> add_unix(std::shared_ptr<Impl> self, std::string path, SiteOptions options) {
    co_await set_up(self);
    net::ListeningSocket socket = net::listen_unix(path, {.backlog = self->tcp_options.backlog, .mode = options.mode});
    net::TlsProvider tls = tls_of(options);
    co_await self->servers.add(std::move(socket), std::move(tls));
  }

  static asio::awaitable<void> add_descriptor(std::shared_ptr<Impl> self, int descriptor, SiteOptions options) {
    co_await set_up(self);
    net::ListeningSocket socket = net::adopt_socket(descriptor);
    net::TlsProvider tls = tls_of(options);
    co_await self->servers.add(std::move(socket), std::move(tls));
  }

  static asio::awaitable<std::size_t> add_systemd(std::shared_ptr<Impl> self, SiteOptions options) {
    co_await set_up(self);
    const net::TlsProvider tls = tls_of(options);
    std::vector<net::SystemdSocket> given = net::take_systemd_sockets();
    for (net::SystemdSocket& each : given) co_await self->servers.add(std::move(each.socket), tls);
    co_return given.size();
  }

  // Ends at once what an exception, which is a cancellation's, keeps from being ended in order.
  static asio::awaitable<void> clean_up(std::shared_ptr<Impl> self) {
    std::exception_ptr failure;
    try {
      co_await self->wait_while(Stage::kStarting);
      co_await self->wait_while(Stage::kStopping);
      if (self->stage == Stage::kOver) co_return;
      const bool has_started = self->stage == Stage::kServing;
      self->enter(Stage::kStopping);
      if (has_started) failure = co_await stop(*self);
    } catch (...) {
      self->servers.abort();
      failure = std::current_exception();
    }
    self->enter(Stage::kOver);
    if (failure) std::rethrow_exception(failure);
  }

  // The first failure of the application's callbacks.
  static asio::awaitable<std::exception_ptr> stop(Impl& self) {
    std::exception_ptr failure;
    co_await self.servers.stop();
    try {
      co_await self.app->shutdown();
    } catch (...) {
      failure = std::current_exception();
    }
    co_await self.servers.shut_down(self.timeouts.shutdown, self.timeouts.hard_shutdown);
    try {
      co_await self.app->cleanup();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
    co_return failure;
  }

  const ServerTimeouts timeouts;
  const net::TcpOptions tcp_options;
  const std::shared_ptr<Application> app;
  Stage stage = Stage::kNew;
  asio::steady_timer stage_change;  // cancelled when there is a new one
  net::ServerGroup servers;
};

AppRunner::AppRunner(asio::any_io_executor executor, Application app)
    : AppRunner(std::move(executor), std::move(app), ServerOptions()) {}

AppRunner::AppRunner(asio::any_io_executor executor, Application app, ServerOptions options)
    : AppRunner(std::vector<asio::any_io_executor>{std::move(executor)}, std::move(app), std::move(options)) {}

AppRunner::AppRunner(std::vector<asio::any_io_executor> executors, Application app)
    : AppRunner(std::move(executors), std::move(app), ServerOptions()) {}

AppRunner::AppRunner(std::vector<asio::any_io_executor> executors, Application app, ServerOptions options) {
  if (executors.empty()) throw std::invalid_argument("a runner needs an executor");
  app.freeze();
  impl_ = std::make_shared<Impl>(std::move(executors), std::move(app), options);
}

AppRunner::~AppRunner() { abort(); }

asio::awaitable<void> AppRunner::setup() { return Impl::set_up(impl_); }

asio::awaitable<void> AppRunner::tcp_site(std::string host, std::uint16_t port,
                                          std::shared_ptr<asio::ssl::context> ssl_context) {
  return Impl::add_tcp(impl_, std::move(host), port, {.ssl_context = std::move(ssl_context)});
}

asio::awaitable<void> AppRunner::tcp_site(std::string host, std::uint16_t port, SiteOptions options) {
  return Impl::add_tcp(impl_, std::move(host), port, std::move(options));
}

asio::awaitable<void> AppRunner::unix_site(std::string path) { return unix_site(std::move(path), SiteOptions()); }

asio::awaitable<void> AppRunner::unix_site(std::string path, SiteOptions options) {
  return Impl::add_unix(impl_, std::move(path), std::move(options));
}

asio::awaitable<void> AppRunner::sock_site(int descriptor) { return sock_site(descriptor, SiteOptions()); }

asio::awaitable<void> AppRunner::sock_site(int descriptor, SiteOptions options) {
  return Impl::add_descriptor(impl_, descriptor, std::move(options));
}

asio::awaitable<std::size_t> AppRunner::systemd_sites() { return systemd_sites(SiteOptions()); }

asio::awaitable<std::size_t> AppRunner::systemd_sites(SiteOptions options) {
  return Impl::add_systemd(impl_, std::move(options));
}

const std::vector<net::Address>& AppRunner::addresses() const { return impl_->servers.addresses(); }

asio::awaitable<void> AppRunner::cleanup() { return Impl::clean_up(impl_); }

void AppRunner::abort() noexcept { impl_->servers.abort(); }

}  // namespace prometheus_async::aio::web
