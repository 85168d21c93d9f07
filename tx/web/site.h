// SPDX-License-Identifier: Apache-2.0
//
// A tree of resources, served over HTTP/1 on the ports of a reactor.
//
//   tx::web::Resource root;
//   root.put_child("metrics", tx::web::MetricsResource());
//   reactor.listen_tcp(8000, tx::web::Site(std::move(root)));
#ifndef PROMETHEUS_ASYNC_TX_WEB_SITE_H_
#define PROMETHEUS_ASYNC_TX_WEB_SITE_H_

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "aio/http/request_parser.h"
#include "aio/net/connection_group.h"
#include "aio/net/http_options.h"
#include "aio/net/log.h"
#include "aio/net/socket.h"
#include "tx/factory.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

struct SiteOptions {
  http::RequestLimits limits = {};
  net::ServerTimeouts timeouts = {};
  // Gets a line for each request that fails.
  net::Log log = net::log_to_stderr;
  // Gets a line in the combined format for each complete answer. None by default: Twisted's goes to its log, which a
  // program has to open as well. What came from outside is escaped.
  net::Log access_log = nullptr;
  // Shows the client what the exception of a failing resource says.
  bool display_errors = false;
};

// Threads: the reactor's. Lifetime: the tree lives as long as the site and its connections.
// Semantics: twisted.web.server.Site, with the limits and deadlines of aio/net.
class Site : public Factory {
 public:
  explicit Site(ResourcePtr root, SiteOptions options = {});
  ~Site() override;
  Site(Site&&) noexcept;
  Site& operator=(Site&&) noexcept;

  const ResourcePtr& resource() const;

  asio::awaitable<void> serve(aio::net::Socket socket, std::shared_ptr<asio::ssl::context> tls,
                              aio::net::ConnectionGroup::Seat& seat) override;

 private:
  class Service;
  struct Parts;

  std::unique_ptr<Parts> parts_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_SITE_H_
