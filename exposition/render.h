// SPDX-License-Identifier: Apache-2.0
//
// A registry as a page that Prometheus reads.
//
//   const exposition::Page page = exposition::render(metrics::default_registry());
//   reply("Content-Type", page.content_type, page.body);
//
//   exposition::render(registry, exposition::kOpenMetrics_1_0_0, {.names = {"up", "requests_total"}});
#ifndef PROMETHEUS_ASYNC_EXPOSITION_RENDER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_RENDER_H_

#include <string>
#include <vector>

#include "exposition/format.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {

struct Page {
  std::string content_type;  // the value of the Content-Type header
  std::string body;
};

// The registry's samples of this moment, in text format 0.0.4.
//
// Throws what Registry::collect throws; there is no part of a page then.
// Threads: safe from any thread. Recording goes on meanwhile; who makes a new child of a family waits until that family
// is written. Cost: 0.1 us a counter, 0.5 us a histogram of 12 buckets (docs/benchmarks.md).
Page render(const metrics::Registry& registry);

// In any format, and what the options choose. `errors`, unless null, gets the collectors that were left out, which
// CollectOptions::OnError::kSkip asks for; what they had written before they failed is not on the page.
Page render(const metrics::Registry& registry, const Format& format, const metrics::CollectOptions& options = {},
            std::vector<metrics::CollectError>* errors = nullptr);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_RENDER_H_
