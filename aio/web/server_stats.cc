// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_stats.h"

#include <utility>

#include "exposition/render.h"

namespace prometheus_async::aio::web {
namespace {

Response stats_of(const metrics::Registry& registry) {
  exposition::Page page = exposition::render(registry);
  return content(std::move(page.body), page.content_type);
}

}  // namespace

asio::awaitable<Response> server_stats(Request&) { co_return stats_of(metrics::default_registry()); }

Handler make_server_stats(const metrics::Registry& registry) {
  return [&registry](Request&) { return stats_of(registry); };
}

}  // namespace prometheus_async::aio::web
