// SPDX-License-Identifier: Apache-2.0
//
// An application that listens and is announced, as one thing that starts and closes.
//
//   web::Service service = co_await web::Service::start(std::move(app), std::move(options));
//   std::cout << service.url() << '\n';
//   co_await service.close();
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVICE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVICE_H_

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"
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
  // Told of the address once it listens.
  sd::ServiceDiscovery service_discovery = {};
  // Where the metrics are, for the discovery and metrics_url().
  std::string metrics_path = "/metrics";
  // A page that is cheap and constant, for the discovery's health checks.
  std::string health_path = "/";
  ServerOptions server = {};
};

// Threads and lifetime: AppRunner's.
class Service {
 public:
  // Listens, then enrols, on the executor of the calling coroutine.
  //
  // Throws std::system_error, "listen on HOST:PORT: reason", or what the discovery throws. Then, and if it is cancelled
  // or dropped, nothing listens.
  static asio::awaitable<Service> start(Application app, ServiceOptions options);

  // None: closed from the start. (co_spawn's results have a default constructor.)
  Service() = default;
  Service(Service&&) noexcept = default;
  Service& operator=(Service&&) noexcept = default;
  // Stops what close() has not, at once, and then without a word to the discovery, which would have to be awaited.
  ~Service() = default;

  // Deregisters, during which requests are answered as before, and stops gracefully (AppRunner::cleanup). It stops even
  // if deregistration throws or the call is cancelled, and throws that afterwards. A second call does nothing.
  asio::awaitable<void> close();

  // Stops at once, without a word to the discovery.
  void abort() noexcept;

  // These keep their values after close().
  const net::Address& address() const { return address_; }
  bool is_secure() const { return endpoint_.scheme == "https"; }
  // scheme://host:port/ with the address that is bound, wildcards included; metrics_url() can be connected to.
  std::string url() const { return endpoint_.scheme + "://" + address_.to_string() + "/"; }
  std::string metrics_url() const { return endpoint_.url(); }

  // Whether close() will deregister. False afterwards.
  bool is_registered() const { return deregister_ != nullptr; }

 private:
  std::unique_ptr<AppRunner> runner_;
  net::Address address_;
  sd::Endpoint endpoint_;
  sd::Deregister deregister_;
  bool is_closed_ = false;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVICE_H_
