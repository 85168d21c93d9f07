// SPDX-License-Identifier: Apache-2.0
//
// A registry as a resource: what aio/web's server_stats shows, by the same call.
//
//   root.put_child("metrics", tx::web::MetricsResource());
//   app.route("/metrics", [](tx::web::Request&) { return tx::web::MetricsResource(); });
//
//   const exposition::ScrapeHandler one_by_one(my_registry, {.max_requests_in_flight = 1});
//   root.put_child("one", tx::web::MetricsResource(one_by_one));
#ifndef PROMETHEUS_ASYNC_TX_WEB_METRICS_RESOURCE_H_
#define PROMETHEUS_ASYNC_TX_WEB_METRICS_RESOURCE_H_

#include <utility>

#include "exposition/scrape.h"
#include "metrics/registry.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

// Answers GET and HEAD with what the exposition::ScrapeHandler answers, OPTIONS with the methods, others with 405. A
// leaf: any path below is the same.
//
// The page is rendered on a thread of its own, one for the process, so that the reactor goes on; requests for the same
// page that wait for it share it, and a client that leaves meanwhile does no harm. A 500 is the Site's own, with what
// the collector threw in its log. Making a resource costs next to nothing. Semantics:
// prometheus_client.twisted.MetricsResource, but that HEAD is answered.
class MetricsResource : public Resource {
 public:
  // Of ScrapeHandler::of(registry), and throws as it does. `registry` outlives the resource and its answers.
  explicit MetricsResource(metrics::Registry& registry = metrics::default_registry())
      : MetricsResource(exposition::ScrapeHandler::of(registry)) {}
  explicit MetricsResource(exposition::ScrapeHandler handler) : handler_(std::move(handler)) {}

  bool is_leaf() const override { return true; }
  Body render(Request& request) override;
  Body render_get(Request& request) override;
  Body render_options(Request& request) override;

 private:
  exposition::ScrapeHandler handler_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_METRICS_RESOURCE_H_
