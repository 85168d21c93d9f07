// SPDX-License-Identifier: Apache-2.0
//
// A service on a port of 127.0.0.1, in a thread of its own.
//
//   ServiceThread server([](const auto& executor) { return std::make_shared<Hello>(executor, HttpOptions()); });
//   RawClient client(server.address());
#ifndef PROMETHEUS_ASYNC_TESTS_AIO_NET_SERVICE_THREAD_H_
#define PROMETHEUS_ASYNC_TESTS_AIO_NET_SERVICE_THREAD_H_

#include <chrono>
#include <functional>
#include <future>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "aio/net/address.h"
#include "aio/net/http_connection.h"

namespace prometheus_async::testing {

class ServiceThread {
 public:
  using Make = std::function<std::shared_ptr<aio::net::HttpService>(const boost::asio::any_io_executor&)>;

  explicit ServiceThread(const Make& make);
  ~ServiceThread();  // stops

  const aio::net::Address& address() const;
  std::size_t connections();
  // Starts a graceful stop; ready when it is over.
  std::future<void> stop(std::chrono::steady_clock::duration timeout = std::chrono::seconds(20));
  // Calls `function` in the thread, and waits for it.
  void run(const std::function<void()>& function);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_AIO_NET_SERVICE_THREAD_H_
