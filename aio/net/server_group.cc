// SPDX-License-Identifier: Apache-2.0

#include "aio/net/server_group.h"

#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::aio::net {

struct ServerGroup::Lane {
  Lane(asio::any_io_executor ex, ServerOptions options, Serve function)
      : executor(std::move(ex)),
        serve(std::make_shared<const Serve>(std::move(function))),
        server(executor, std::move(options), nullptr),
        anchor(executor, asio::steady_timer::time_point::max()) {}

  // Has the executor keep the lane, so that it ends there: when it is let go, or with the io_context.
  static void hold(const std::shared_ptr<Lane>& lane) {
    lane->anchor.async_wait([lane](const boost::system::error_code&) {});
  }
  static void let_go(std::shared_ptr<Lane> lane) {
    const asio::any_io_executor executor = lane->executor;
    asio::post(executor, [lane = std::move(lane)] { lane->anchor.cancel(); });
  }

  void add(ListeningSocket socket, const TlsProvider& tls) {
    server.add(std::move(socket), [serve = serve, tls](Socket connection, ConnectionGroup::Seat& seat) {
      return (*serve)(std::move(connection), tls ? tls() : nullptr, seat);
    });
  }

  const asio::any_io_executor executor;
  const std::shared_ptr<const Serve> serve;
  Server server;
  asio::steady_timer anchor;
};

namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

asio::awaitable<void> end() { co_return; }

// What the steps of all lanes come together in. Belongs to the first executor.
struct Join {
  Join(const asio::any_io_executor& executor, std::size_t count)
      : left(count), all_done(executor, asio::steady_timer::time_point::max()) {}

  void leave(std::exception_ptr error) {
    if (!failure) failure = std::move(error);
    if (--left == 0) all_done.cancel();
  }

  std::size_t left;
  std::exception_ptr failure;
  asio::steady_timer all_done;
};

}  // namespace

ServerGroup::ServerGroup(std::vector<asio::any_io_executor> executors, ServerOptions options,
                         const MakeServe& make_serve) {
  if (executors.empty()) throw std::invalid_argument("a server needs an executor");
  options.max_connections = (options.max_connections + executors.size() - 1) / executors.size();
  for (asio::any_io_executor& executor : executors) {
    Serve serve = make_serve(executor);
    auto lane = std::make_shared<Lane>(std::move(executor), options, std::move(serve));
    if (first_) {
      Lane::hold(lane);
      others_.push_back(lane);
    } else {
      first_ = std::move(lane);
    }
  }
}

ServerGroup::~ServerGroup() {
  abort();
  let_go_of_others();
}

void ServerGroup::let_go_of_others() {
  std::vector<std::shared_ptr<Lane>> lanes = others();
  for (std::shared_ptr<Lane>& lane : lanes) Lane::let_go(std::move(lane));
  others_.clear();
}

std::vector<std::shared_ptr<ServerGroup::Lane>> ServerGroup::others() const {
  std::vector<std::shared_ptr<Lane>> living;
  for (const std::weak_ptr<Lane>& each : others_) {
    if (std::shared_ptr<Lane> lane = each.lock()) living.push_back(std::move(lane));
  }
  return living;
}

asio::awaitable<void> ServerGroup::listen(std::string host, std::uint16_t port, TcpOptions options, TlsProvider tls) {
  std::vector<std::vector<ListeningSocket>> sockets(1 + others_.size());
  if (!others_.empty()) {
    if (!options.reuse_port && port != 0) {  // whoever listens there already would not be in the way of what follows
      const std::vector<ListeningSocket> probe = co_await net::listen(host, port, options);
    }
    options.reuse_port = true;
  }
  sockets.front() = co_await net::listen(std::move(host), port, options);
  for (const ListeningSocket& first : sockets.front()) {
    for (std::size_t i = 1; i < sockets.size(); ++i) {
      std::vector<ListeningSocket> other = listen_numeric(first.address().host, first.address().port, options);
      sockets[i].push_back(std::move(other.front()));
    }
  }
  co_await serve(std::move(sockets), std::move(tls));
}

asio::awaitable<void> ServerGroup::add(ListeningSocket socket, TlsProvider tls) {
  std::vector<std::vector<ListeningSocket>> sockets(1 + others_.size());
  for (std::size_t i = 1; i < sockets.size(); ++i) sockets[i].push_back(socket.duplicate());
  sockets.front().push_back(std::move(socket));
  co_await serve(std::move(sockets), std::move(tls));
}

asio::awaitable<void> ServerGroup::serve(std::vector<std::vector<ListeningSocket>> sockets, TlsProvider tls) {
  if (is_stopped_) {
    throw std::system_error(std::make_error_code(std::errc::operation_canceled),
                            "listen on " + sockets.front().front().address().to_string());
  }
  std::vector<Address> addresses;
  for (const ListeningSocket& socket : sockets.front()) addresses.push_back(socket.address());
  const auto shared = std::make_shared<std::vector<std::vector<ListeningSocket>>>(std::move(sockets));
  Step step = [shared, tls = std::move(tls)](Lane& lane, std::size_t i) {
    for (ListeningSocket& socket : (*shared)[i]) lane.add(std::move(socket), tls);
    return end();
  };
  co_await on_each(std::move(step));
  addresses_.insert(addresses_.end(), addresses.begin(), addresses.end());
}

asio::awaitable<void> ServerGroup::stop() {
  is_stopped_ = true;
  Step step = [](Lane& lane, std::size_t) {
    lane.server.stop();
    return end();
  };
  return on_each(std::move(step));
}

asio::awaitable<void> ServerGroup::shut_down(Server::Duration soft, Server::Duration hard) {
  is_stopped_ = true;
  Step step = [soft, hard](Lane& lane, std::size_t) { return lane.server.shut_down(soft, hard); };
  std::exception_ptr failure;
  try {
    co_await on_each(std::move(step));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) abort();
  let_go_of_others();
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> ServerGroup::on_each(Step step) {
  const auto shared = std::make_shared<const Step>(std::move(step));
  std::vector<std::shared_ptr<Lane>> lanes = others();
  if (lanes.empty()) {
    co_await run(shared, first_, 0);
    co_return;
  }
  lanes.insert(lanes.begin(), first_);
  const asio::any_io_executor first = first_->executor;
  const auto join = std::make_shared<Join>(first, lanes.size());
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    // Weak, since it has a timer of the first executor's, and may be dropped with another.
    auto leave = [weak = std::weak_ptr<Join>(join), first](std::exception_ptr error) {
      asio::post(first, [weak, error = std::move(error)] {
        if (const auto living = weak.lock()) living->leave(error);
      });
    };
    asio::co_spawn(lanes[i]->executor, run(shared, lanes[i], i), std::move(leave));
  }
  lanes.clear();
  while (join->left > 0) co_await join->all_done.async_wait(kAwaitTuple);
  if (join->failure) std::rethrow_exception(join->failure);
}

// Keeps what it uses: who waits for it may be cancelled.
asio::awaitable<void> ServerGroup::run(std::shared_ptr<const Step> step, std::shared_ptr<Lane> lane, std::size_t i) {
  co_await (*step)(*lane, i);
}

void ServerGroup::abort() noexcept {
  is_stopped_ = true;
  first_->server.abort();
  for (const std::shared_ptr<Lane>& lane : others()) {
    asio::post(lane->executor, [lane] { lane->server.abort(); });
  }
}

}  // namespace prometheus_async::aio::net
