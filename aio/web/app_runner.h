// SPDX-License-Identifier: Apache-2.0
//
// Serves an application on the sockets that it is given, inside an event loop of the program's own, or several.
//
//   web::AppRunner runner(co_await asio::this_coro::executor, std::move(app));
//   co_await runner.setup();
//   co_await runner.tcp_site("127.0.0.1", 8000);
//   ...
//   co_await runner.cleanup();
#ifndef PROMETHEUS_ASYNC_AIO_WEB_APP_RUNNER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_APP_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"
#include "aio/net/tls_provider.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::web {

struct SiteOptions {
  // HTTPS with this context; null: HTTP, unless there is `tls`.
  std::shared_ptr<asio::ssl::context> ssl_context = nullptr;
  // HTTPS with what this gives for each new connection, so that a certificate can be renewed.
  net::TlsProvider tls = nullptr;
  // Of TCP. Lets further processes of this user listen on the same port. The kernel spreads the connections over them.
  bool reuse_port = false;
  // Of TCP. Has the kernel find out about silent clients that are gone, in hours.
  bool keep_alive = true;
  // Of a Unix socket: the file's permissions, as 0660. None: as the process' umask leaves them.
  std::optional<unsigned> mode = std::nullopt;
};

// With several executors each has its own connections, which never leave it; the application is shared by all of them,
// const, and its handlers may be called on several at once.
//
// Threads: all calls on the first executor, where the application's callbacks run too. An executor runs one handler at
// a time: an io_context that one thread runs, or a strand. All are run until cleanup() has returned.
//
// Lifetime: the first io_context outlives the runner; others may go before it, when they are not run any more. Handlers
// may run on after the runner is gone if it was not cleaned up; the application, being the runner's, stays as long as
// they do. Semantics: aiohttp.web.AppRunner and its sites, in one.
class AppRunner {
 public:
  // Freezes the application. Throws std::invalid_argument for bad options, or if there is no executor.
  //
  // Here and below, an overload without options stands in place of a default argument, which g++ 12 would destroy twice
  // within a co_await expression. Options that are given there are given a name first.
  AppRunner(asio::any_io_executor executor, Application app);
  AppRunner(asio::any_io_executor executor, Application app, ServerOptions options);
  AppRunner(std::vector<asio::any_io_executor> executors, Application app);
  AppRunner(std::vector<asio::any_io_executor> executors, Application app, ServerOptions options);
  // Ends what cleanup() has not: as abort().
  ~AppRunner();

  AppRunner(const AppRunner&) = delete;
  AppRunner& operator=(const AppRunner&) = delete;

  // Calls the application's cleanup_ctx and on_startup. Sites do it if it was not called; once it is done, another call
  // does nothing.
  //
  // Throws what these throw; what was set up by then is undone, and the runner is over.
  asio::awaitable<void> setup();

  // --- Sites: each listens and serves from now on, whatever becomes of the awaitable's caller. As many as are wanted,
  // until cleanup() is called; from then on std::logic_error.

  // Every address that `host` stands for, as in net::listen: a numeric address, a name, or empty for all interfaces.
  // Port 0: the system chooses.
  //
  // Throws std::system_error, "listen on HOST:PORT: reason"; nothing more listens then than before.
  asio::awaitable<void> tcp_site(std::string host, std::uint16_t port,
                                 std::shared_ptr<asio::ssl::context> ssl_context = nullptr);
  asio::awaitable<void> tcp_site(std::string host, std::uint16_t port, SiteOptions options);
  // A Unix socket at a path, or with `@name` in Linux' abstract namespace. Its file is made, and gone in the end; one
  // that was left behind by a process that is gone is replaced. Throws as net::listen_unix.
  asio::awaitable<void> unix_site(std::string path);
  asio::awaitable<void> unix_site(std::string path, SiteOptions options);
  // A stream socket that listens already, which becomes the runner's. Throws as net::adopt_socket.
  asio::awaitable<void> sock_site(int descriptor);
  asio::awaitable<void> sock_site(int descriptor, SiteOptions options);
  // The sockets that systemd gives to this service; returns how many. Throws as net::take_systemd_sockets.
  asio::awaitable<std::size_t> systemd_sites();
  asio::awaitable<std::size_t> systemd_sites(SiteOptions options);

  // Where it listens, or listened, in the order of the sites.
  const std::vector<net::Address>& addresses() const;

  // Stops gracefully, in this order: closes the listening sockets and idle connections; calls on_shutdown; waits for
  // the requests that are being answered, up to ServerTimeouts::shutdown; cancels their handlers, and gives them
  // ServerTimeouts::hard_shutdown to end: one that takes no notice of cancellation is left behind, in the io_context's
  // keeping; undoes cleanup_ctx and calls on_cleanup. All of it, whatever fails on the way; throws the first failure.
  //
  // Cancelled: stops at once, as abort(). A second call: waits for the first to end. *this may go while it waits.
  asio::awaitable<void> cleanup();

  // Closes the listening sockets, and cancels all handlers and connections, without waiting for them to end. The
  // application's callbacks are not called, since they would have to be awaited.
  void abort() noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_APP_RUNNER_H_
