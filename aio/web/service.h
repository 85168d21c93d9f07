// SPDX-License-Identifier: Apache-2.0
//
// An application that listens and is announced, as one thing that starts and closes.
//
//   web::Service service = co_await web::Service::start(std::move(app), std::move(options));
//   std::cout << service.url() << '\n';
//   co_await service.close();
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVICE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"
#include "aio/net/tls_provider.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"
#include "sd/endpoint.h"
#include "sd/service_discovery.h"

namespace prometheus_async::aio::web {

struct ServiceOptions {
  // As in net::listen: a numeric address, a name, or empty for all interfaces.
  std::string addr = {};
  // 0: the system chooses.
  std::uint16_t port = 0;
  // HTTPS with this context; null: HTTP.
  std::shared_ptr<asio::ssl::context> ssl_context = nullptr;
  // HTTPS with what this gives for each new connection; in place of ssl_context.
  net::TlsProvider tls = nullptr;
  // Adds the sites, in place of addr, port and the two above; one of them at least, and all of the same scheme.
  std::function<asio::awaitable<void>(AppRunner&)> sites = nullptr;
  // What `sites` serves is HTTPS.
  bool is_secure = false;
  // Further executors to serve on: see AppRunner.
  std::vector<asio::any_io_executor> more_executors = {};
  // Told of the first TCP address once it listens.
  sd::ServiceDiscovery service_discovery = {};
  // Where the metrics are, for the discovery and metrics_url().
  std::string metrics_path = "/metrics";
  // A page that is cheap and constant, for the discovery's health checks.
  std::string health_path = "/";
  // The longest that close() waits for the discovery to deregister; positive.
  std::chrono::milliseconds deregister_timeout = std::chrono::seconds(5);
  // For how long close() goes on serving after it has deregistered.
  std::chrono::milliseconds drain_delay = std::chrono::milliseconds(0);
  ServerOptions server = {};
};

// Threads and lifetime: AppRunner's.
class Service {
 public:
  // Sets the application up, listens, then enrols, on the executor of the calling coroutine.
  //
  // Throws what the application's callbacks throw, std::system_error, "listen on HOST:PORT: reason", what the discovery
  // throws, or std::invalid_argument if it has no TCP address to be told of. What was set up is cleaned up then. Then,
  // and if it is cancelled or dropped, nothing listens.
  static asio::awaitable<Service> start(Application app, ServiceOptions options);

  // None: closed from the start. (co_spawn's results have a default constructor.)
  Service() = default;
  Service(Service&&) noexcept = default;
  Service& operator=(Service&&) noexcept = default;
  // Stops what close() has not, at once, and then without a word to the discovery, which would have to be awaited.
  ~Service() = default;

  // Deregisters and goes on serving. Throws what the discovery throws, or std::system_error equal to
  // std::errc::timed_out after ServiceOptions::deregister_timeout. Called once: later calls do nothing.
  asio::awaitable<void> deregister();

  // Deregisters unless that was done, waits for ServiceOptions::drain_delay, during which requests are answered as
  // before, and stops gracefully (AppRunner::cleanup). It stops even if deregistration throws or the call is cancelled,
  // and throws that afterwards. A second call does nothing.
  asio::awaitable<void> close();

  // Stops at once, without a word to the discovery.
  void abort() noexcept;

  // These keep their values after close(). The address is the first TCP one, or else the first.
  const net::Address& address() const { return address_; }
  const std::vector<net::Address>& addresses() const { return addresses_; }
  bool is_secure() const { return endpoint_.scheme == "https"; }
  // scheme://host:port/ with the address that is bound, wildcards included; metrics_url() can be connected to. A Unix
  // socket's is scheme://unix:path:/, as nginx writes it.
  std::string url() const { return url(address_); }
  std::string url(const net::Address& address) const;
  std::string metrics_url() const { return endpoint_.url(); }

  // Whether the discovery has the service, as far as it knows by now. False once it was told to deregister.
  bool is_registered() const { return deregister_.is_registered(); }
  // What the discovery gave; empty without one, and once it was told to deregister. A copy's is_registered() may be
  // asked on any thread.
  const sd::Deregister& registration() const { return deregister_; }

 private:
  std::unique_ptr<AppRunner> runner_;
  net::Address address_;
  std::vector<net::Address> addresses_;
  std::chrono::milliseconds deregister_timeout_ = std::chrono::milliseconds(0);
  std::chrono::milliseconds drain_delay_ = std::chrono::milliseconds(0);
  sd::Endpoint endpoint_;
  sd::Deregister deregister_;
  bool is_closed_ = false;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVICE_H_
