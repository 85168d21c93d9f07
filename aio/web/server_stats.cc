// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_stats.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace prometheus_async::aio::web {
namespace {

Response stats_of(const exposition::ScrapeHandler& handler, const Request& request) {
  const exposition::ScrapeResponse scraped =
      handler.answer({.accept = request.headers().get_list("Accept"),
                      .accept_encoding = request.headers().get_list("Accept-Encoding"),
                      .query = std::string(request.query_string()),
                      .timeout = request.headers().get_list("X-Prometheus-Scrape-Timeout-Seconds")});
  if (!scraped.error.empty()) throw std::runtime_error(scraped.error);  // which the server logs
  Response response;
  response.status = scraped.status;
  for (const auto& [name, value] : scraped.headers) response.headers.add(name, value);
  response.body = *scraped.body;
  return response;
}

}  // namespace

asio::awaitable<Response> server_stats(Request& request) {
  // Never destroyed: a server may answer until the very end.
  static const auto& handler =
      *new exposition::ScrapeHandler(exposition::ScrapeHandler::of(metrics::default_registry()));
  co_return stats_of(handler, request);
}

Handler make_server_stats(metrics::Registry& registry) {
  return make_server_stats(exposition::ScrapeHandler::of(registry));
}

Handler make_server_stats(exposition::ScrapeHandler handler) {
  return [handler = std::move(handler)](Request& request) { return stats_of(handler, request); };
}

}  // namespace prometheus_async::aio::web
