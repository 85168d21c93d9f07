// SPDX-License-Identifier: Apache-2.0
//
// Serves an application on the sockets that it is given, inside an event loop of the program's own.
//
//   web::AppRunner runner(co_await asio::this_coro::executor, std::move(app));
//   co_await runner.tcp_site("127.0.0.1", 8000);
//   ...
//   co_await runner.cleanup();
#ifndef PROMETHEUS_ASYNC_AIO_WEB_APP_RUNNER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_APP_RUNNER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::web {

// Threads: everything happens on the executor, which runs one handler at a time: an io_context that one thread runs, or
// a strand. All calls are made there.
//
// Lifetime: the io_context outlives the runner. Handlers may run on after the runner is gone if it was not cleaned up;
// the application, being the runner's, stays as long as they do.
class AppRunner {
 public:
  // Freezes the application.
  AppRunner(asio::any_io_executor executor, Application app, ServerOptions options = {});
  // Ends what cleanup() has not: as abort().
  ~AppRunner();

  AppRunner(const AppRunner&) = delete;
  AppRunner& operator=(const AppRunner&) = delete;

  // Listens, as net::listen does, and serves from now on; may be called several times. With `tls`, HTTPS.
  //
  // Throws std::system_error, "listen on HOST:PORT: reason"; nothing more listens then than before.
  asio::awaitable<void> tcp_site(std::string host, std::uint16_t port,
                                 std::shared_ptr<asio::ssl::context> tls = nullptr);

  // Where it listens, or listened, in the order of the sites.
  const std::vector<net::Address>& addresses() const;

  // Stops gracefully. At once: closes the listening sockets and idle connections. Then waits for the requests that are
  // being answered, up to ServerTimeouts::shutdown; then cancels their handlers, and gives them 2 s to end: one that
  // takes no notice of cancellation is left behind, in the io_context's keeping.
  //
  // Cancelled: stops at once, as abort(). A second call: waits for the same.
  asio::awaitable<void> cleanup();

  // Closes the listening sockets, and cancels all handlers and connections, without waiting for them to end.
  void abort() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_APP_RUNNER_H_
