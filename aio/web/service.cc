// SPDX-License-Identifier: Apache-2.0

#include "aio/web/service.h"

#include <exception>
#include <utility>

#include <boost/asio/this_coro.hpp>

namespace prometheus_async::aio::web {

asio::awaitable<Service> Service::start(Application app, ServiceOptions options) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Service service;
  service.runner_ = std::make_unique<AppRunner>(executor, std::move(app), std::move(options.server));
  co_await service.runner_->tcp_site(options.addr, options.port, options.ssl_context);
  service.address_ = service.runner_->addresses().front();
  service.endpoint_ = {.scheme = options.ssl_context ? "https" : "http",
                       .address = service.address_.host,
                       .port = service.address_.port,
                       .path = options.metrics_path,
                       .health_path = options.health_path};
  service.deregister_ = co_await options.service_discovery.enroll(service.endpoint_);
  co_return service;
}

asio::awaitable<void> Service::close() {
  if (!runner_ || std::exchange(is_closed_, true)) co_return;
  const sd::Deregister deregister = std::exchange(deregister_, nullptr);  // lives as long as its coroutine
  std::exception_ptr failure;
  try {
    if (deregister) co_await deregister();
  } catch (...) {
    failure = std::current_exception();
  }
  try {
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
