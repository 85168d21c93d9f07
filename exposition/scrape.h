// SPDX-License-Identifier: Apache-2.0
//
// The answer to a scrape, whatever server it came through: the one place that knows what a request may ask for.
//
//   const exposition::ScrapeResponse response = exposition::answer_scrape(registry, {.accept = "text/plain"});
//   for (const auto& [name, value] : response.headers) ...
#ifndef PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_H_
#define PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_H_

#include <string>
#include <utility>
#include <vector>

#include "metrics/registry.h"

namespace prometheus_async::exposition {

// What a request says about the page that it wants. A field that came several times is one list.
struct ScrapeRequest {
  std::string accept = {};
  std::string accept_encoding = {};
  std::string query = {};  // as it came, without the `?`
};

// With status 200.
struct ScrapeResponse {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The page of render(): the one that every scraper takes, so that nothing of the request changes it yet.
//
// Throws, threads and cost: as render().
ScrapeResponse answer_scrape(const metrics::Registry& registry, const ScrapeRequest& request);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_H_
