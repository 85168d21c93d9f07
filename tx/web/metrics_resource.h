// SPDX-License-Identifier: Apache-2.0
//
// A registry as a resource: what aio/web's server_stats shows, by the same call.
//
//   root.put_child("metrics", tx::web::MetricsResource());
//   app.route("/metrics", [](tx::web::Request&) { return tx::web::MetricsResource(); });
#ifndef PROMETHEUS_ASYNC_TX_WEB_METRICS_RESOURCE_H_
#define PROMETHEUS_ASYNC_TX_WEB_METRICS_RESOURCE_H_

#include "metrics/registry.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

// Answers GET and HEAD with the page, OPTIONS with the methods, others with 405. A leaf: any path below is the same.
//
// The page is rendered on a thread of its own, one for the process, so that the reactor goes on; a client that leaves
// meanwhile does no harm. What a collector throws becomes a 500. Making a resource costs next to nothing.
// Semantics: prometheus_client.twisted.MetricsResource, but that HEAD is answered.
class MetricsResource : public Resource {
 public:
  // `registry` outlives the resource and its answers.
  explicit MetricsResource(const metrics::Registry& registry = metrics::default_registry()) : registry_(&registry) {}

  bool is_leaf() const override { return true; }
  Body render(Request& request) override;
  Body render_get(Request& request) override;
  Body render_options(Request& request) override;

 private:
  const metrics::Registry* registry_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_METRICS_RESOURCE_H_
