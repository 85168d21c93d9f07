// SPDX-License-Identifier: Apache-2.0

#include "aio/web/service.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sd/deregister_within.h"

namespace prometheus_async::aio::web {
namespace {

asio::awaitable<void> add_sites(AppRunner& runner, const ServiceOptions& options) {
  co_await runner.setup();
  if (options.sites) {
    co_await options.sites(runner);
    co_return;
  }
  SiteOptions site{.ssl_context = options.ssl_context, .tls = options.tls};
  co_await runner.tcp_site(options.addr, options.port, std::move(site));
}

bool is_tcp(const net::Address& address) { return !address.is_unix(); }

// After a failure, which is what is wrong whatever comes of this.
asio::awaitable<void> give_up(AppRunner& runner) {
  try {
    co_await runner.cleanup();
  } catch (...) {
    runner.abort();
  }
}

}  // namespace

asio::awaitable<Service> Service::start(Application app, ServiceOptions options) {
  std::vector<asio::any_io_executor> executors = options.more_executors;
  executors.insert(executors.begin(), co_await asio::this_coro::executor);
  Service service;
  service.runner_ = std::make_unique<AppRunner>(std::move(executors), std::move(app), std::move(options.server));
  std::exception_ptr failure;
  try {
    co_await add_sites(*service.runner_, options);
    service.deregister_timeout_ = options.deregister_timeout;
    service.drain_delay_ = options.drain_delay;
    service.addresses_ = service.runner_->addresses();
    const auto first = std::find_if(service.addresses_.begin(), service.addresses_.end(), is_tcp);
    const bool has_tcp = first != service.addresses_.end();
    if (options.service_discovery && !has_tcp) {
      throw std::invalid_argument("a service discovery needs a TCP address to announce");
    }
    service.address_ = has_tcp ? *first : service.addresses_.at(0);
    const bool is_secure = options.sites ? options.is_secure : options.ssl_context || options.tls;
    service.endpoint_ = {.scheme = is_secure ? "https" : "http",
                         .address = service.address_.host,
                         .port = service.address_.port,
                         .path = options.metrics_path,
                         .health_path = options.health_path};
    service.deregister_ = co_await options.service_discovery.enroll(service.endpoint_);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return service;
  co_await give_up(*service.runner_);
  std::rethrow_exception(failure);
}

std::string Service::url(const net::Address& address) const {
  return endpoint_.scheme + "://" + address.to_string() + (address.is_unix() ? ":/" : "/");
}

asio::awaitable<void> Service::deregister() {
  sd::Deregister deregister = std::exchange(deregister_, nullptr);
  if (!deregister) co_return;
  asio::awaitable<void> deregistering = sd::deregister_within(deregister_timeout_, std::move(deregister));
  co_await std::move(deregistering);
}

asio::awaitable<void> Service::close() {
  if (!runner_ || std::exchange(is_closed_, true)) co_return;
  std::exception_ptr failure;
  try {
    co_await deregister();
  } catch (...) {
    failure = std::current_exception();
  }
  try {
    if (drain_delay_.count() > 0) {
      asio::steady_timer delay(co_await asio::this_coro::executor, drain_delay_);
      co_await delay.async_wait(asio::use_awaitable);
    }
    co_await runner_->cleanup();
  } catch (...) {
    runner_->abort();
    if (!failure) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

void Service::abort() noexcept {
  if (!runner_) return;
  is_closed_ = true;
  deregister_ = nullptr;
  runner_->abort();
}

}  // namespace prometheus_async::aio::web
