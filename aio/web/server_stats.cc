// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_stats.h"

#include <utility>

#include "exposition/scrape.h"

namespace prometheus_async::aio::web {
namespace {

Response stats_of(const metrics::Registry& registry, const Request& request) {
  exposition::ScrapeResponse scraped =
      exposition::answer_scrape(registry, {.accept = request.headers().get_list("Accept"),
                                           .accept_encoding = request.headers().get_list("Accept-Encoding"),
                                           .query = std::string(request.query_string())});
  Response response;
  for (const auto& [name, value] : scraped.headers) response.headers.add(name, value);
  response.body = std::move(scraped.body);
  return response;
}

}  // namespace

asio::awaitable<Response> server_stats(Request& request) { co_return stats_of(metrics::default_registry(), request); }

Handler make_server_stats(const metrics::Registry& registry) {
  return [&registry](Request& request) { return stats_of(registry, request); };
}

}  // namespace prometheus_async::aio::web
