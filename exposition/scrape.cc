// SPDX-License-Identifier: Apache-2.0

#include "exposition/scrape.h"

#include "exposition/render.h"

namespace prometheus_async::exposition {

ScrapeResponse answer_scrape(const metrics::Registry& registry, const ScrapeRequest&) {
  Page page = render(registry);
  ScrapeResponse response;
  response.headers.emplace_back("Content-Type", std::move(page.content_type));
  response.body = std::move(page.body);
  return response;
}

}  // namespace prometheus_async::exposition
