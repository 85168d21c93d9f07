// SPDX-License-Identifier: Apache-2.0

#include "tests/aio/net/service_thread.h"

#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "aio/net/server.h"

namespace prometheus_async::testing {

namespace net = aio::net;

struct ServiceThread::State {
  boost::asio::io_context io_context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io_context.get_executor()};
  std::optional<net::Server> server;
  std::jthread thread;
};

ServiceThread::ServiceThread(const Make& make) : state_(std::make_unique<State>()) {
  State& state = *state_;
  const std::shared_ptr<net::HttpService> service = make(state.io_context.get_executor());
  state.server.emplace(state.io_context.get_executor(), net::ServerOptions(),
                       [service](net::Socket socket, net::ConnectionGroup::Seat& seat) {
                         return net::serve_http(service, std::move(socket), nullptr, seat);
                       });
  state.server->listen_numeric("127.0.0.1", 0);
  state.thread = std::jthread([&state] { state.io_context.run(); });
}

ServiceThread::~ServiceThread() {
  stop().get();
  state_->work.reset();
}

const net::Address& ServiceThread::address() const { return state_->server->addresses().front(); }

std::size_t ServiceThread::connections() {
  std::size_t connections = 0;
  run([&] { connections = state_->server->connections(); });
  return connections;
}

std::future<void> ServiceThread::stop(std::chrono::steady_clock::duration timeout) {
  return boost::asio::co_spawn(state_->io_context, state_->server->shut_down(timeout), boost::asio::use_future);
}

void ServiceThread::run(const std::function<void()>& function) {
  std::promise<void> done;
  boost::asio::post(state_->io_context, [&] {
    function();
    done.set_value();
  });
  done.get_future().get();
}

}  // namespace prometheus_async::testing
