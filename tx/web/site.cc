// SPDX-License-Identifier: Apache-2.0

#include "tx/web/site.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "aio/net/http_connection.h"
#include "tx/web/access_log.h"
#include "tx/web/pages.h"
#include "tx/web/request.h"
#include "tx/web/request_channel.h"

namespace prometheus_async::tx::web {
namespace {

// The whole body of the request, which the limits bound.
asio::awaitable<std::string> read_content(net::HttpExchange& exchange) {
  std::string content;
  for (;;) {
    const std::string_view piece = co_await exchange.read_some();
    if (piece.empty()) co_return content;
    content.append(piece);
  }
}

// What is asked of the server itself, by OPTIONS * and CONNECT host:port, and of no resource.
Body answer_without_path(Request& request) {
  if (request.method() == "OPTIONS") return "";
  request.set_header("Allow", "");
  return error_page(405, "Method Not Allowed", "There is no resource to take this method.").render(request);
}

}  // namespace

class Site::Service final : public net::HttpService {
 public:
  Service(const asio::any_io_executor& executor, ResourcePtr root, SiteOptions options)
      : HttpService(executor, {.limits = options.limits, .timeouts = options.timeouts, .log = options.log}),
        root_(std::move(root)),
        settings_(std::make_shared<const RequestSettings>(
            RequestSettings{.log = std::move(options.log), .display_errors = options.display_errors})),
        access_log_(std::move(options.access_log)) {}

  asio::awaitable<void> answer(net::HttpExchange& exchange) override {
    std::string content;
    if (exchange.head().chunked || exchange.head().content_length > 0) content = co_await read_content(exchange);
    const auto request = std::make_shared<Request>(exchange, std::move(content), settings_);
    RequestChannel channel(exchange, request);
    const bool has_path = request->path().starts_with('/');
    const Body body = has_path ? render_request(root_, *request) : answer_without_path(*request);
    co_await channel.send(body);
    if (access_log_ && !request->is_disconnected()) {
      access_log_(
          log_format_.line(*request, request->response_code(), channel.sent_bytes(), std::chrono::system_clock::now()));
    }
  }

 private:
  const ResourcePtr root_;
  const std::shared_ptr<const RequestSettings> settings_;
  const net::Log access_log_;
  AccessLogFormat log_format_;
};

struct Site::Parts {
  ResourcePtr root;
  SiteOptions options;
  std::shared_ptr<Service> service;  // from the first connection on, which brings the executor
};

Site::Site(ResourcePtr root, SiteOptions options)
    : parts_(std::make_unique<Parts>(Parts{std::move(root), std::move(options), nullptr})) {}

Site::~Site() = default;
Site::Site(Site&&) noexcept = default;
Site& Site::operator=(Site&&) noexcept = default;

const ResourcePtr& Site::resource() const { return parts_->root; }

asio::awaitable<void> Site::serve(aio::net::Socket socket, std::shared_ptr<asio::ssl::context> tls,
                                  aio::net::ConnectionGroup::Seat& seat) {
  if (parts_->service == nullptr) {
    parts_->service = std::make_shared<Service>(socket.get_executor(), parts_->root, parts_->options);
  }
  return net::serve_http(parts_->service, std::move(socket), std::move(tls), seat);
}

}  // namespace prometheus_async::tx::web
