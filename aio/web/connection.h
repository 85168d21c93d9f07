// SPDX-License-Identifier: Apache-2.0
//
// Serves one client: requests in, answers out, in order, until one side has enough.
//
//   group.spawn([&](net::ConnectionGroup::Seat& seat) { return web::serve(server, std::move(socket), nullptr, seat);
//   });
#ifndef PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_
#define PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_

#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "aio/http/date.h"
#include "aio/net/connection_group.h"
#include "aio/net/deadlines.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::web {

// What the connections of one server share. Used on one thread. Each connection keeps it alive, so that it outlives
// them even if the server object and the program's io_context go in an odd order.
struct ServerState {
  ServerState(const asio::any_io_executor& executor, Application application, ServerOptions server_options)
      : app(std::move(application)), options(std::move(server_options)), deadlines(executor), connections(executor) {}

  const Application app;
  const ServerOptions options;
  net::Deadlines deadlines;
  net::ConnectionGroup connections;
  http::DateCache date;
  bool is_stopping = false;  // answers from now on are the last of their connections
};

// Ends when the connection is closed. Never throws but for its own cancellation, which the group's abort() is.
//
// The coroutine's frame owns socket, buffer, parser and request.
asio::awaitable<void> serve(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket,
                            std::shared_ptr<asio::ssl::context> tls, net::ConnectionGroup::Seat& seat);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_
