// SPDX-License-Identifier: Apache-2.0
//
// The services of a Consul catalog as Prometheus' own Consul discovery would show them, for a Prometheus that was built
// without it: web::http_sd() serves them, and the same relabelling works.
//
//     sd::ConsulCatalog catalog({.consul = sd::ConsulOptions::from_env(), .tags = {"prometheus"}});
//     app.router().add_get("/targets", web::http_sd(catalog));
#ifndef PROMETHEUS_ASYNC_SD_CONSUL_CATALOG_H_
#define PROMETHEUS_ASYNC_SD_CONSUL_CATALOG_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "sd/consul_options.h"
#include "sd/target_group.h"

namespace prometheus_async::sd {

struct ConsulCatalogOptions {
  // How an agent is reached: agent, tls, token, token_file, http_auth, consul_namespace, partition and timeout. What
  // concerns a registration is ignored. Under ACLs the token needs service:read and node:read: without, Consul shows
  // an empty catalog, and not an error.
  ConsulOptions consul = {};

  // The names of the services to show; empty: all that carry the tags.
  std::vector<std::string> services = {};

  // Of an instance that is shown, each. Empty: any.
  std::vector<std::string> tags = {};

  // Empty: that of the agent.
  std::string datacenter = {};

  // Of one answer of Consul's: the list of all services, or all instances of one.
  std::size_t max_response_bytes = std::size_t{16} * 1024 * 1024;

  // Requests at a time, 1 to 64. Consul serves 200 connections for each client's address.
  std::size_t max_requests = 4;
};

// A value that holds its options. Copies are as good.
//
// Semantics: Prometheus' consul_sd_configs with allow_stale, its default: any server of Consul's may answer, with what
// was true some milliseconds ago. An instance without a port is shown with port 0, as there.
class ConsulCatalog {
 public:
  // Errors: std::invalid_argument naming the option.
  explicit ConsulCatalog(ConsulCatalogOptions options);

  // Asks for the list of services, unless they are named, and then for each of them. A group for each instance, in the
  // order of service names, with one target: the service's address where it has one, else its node's.
  //
  // Labels: __meta_consul_address, _node, _dc, _service, _service_id, _service_address, _service_port, _tags (",a,b,"),
  // _health (the worst of its checks), _namespace, _partition, and _metadata_KEY, _service_metadata_KEY and
  // _tagged_address_KEY with underscores for what a label's name cannot have. Empty ones are left out, as Prometheus
  // does with them.
  //
  // Errors: ConsulError for a request that failed, names the service, and ends the others; HTTP answers other than 200,
  // and what is not as Consul has it, are errors too, so that nobody takes them for an empty catalog.
  // Cancelled: ends with operation_aborted.
  // Threads: runs on the awaiting coroutine's executor, which runs one handler at a time; any number of calls on
  // different ones. Cost: one connection or more, made anew for each call. Reading an answer holds the executor up, for
  // longer the more instances it has: a catalog with services of thousands wants a server in a thread of its own.
  [[nodiscard]] asio::awaitable<std::vector<TargetGroup>> groups() const;

 private:
  std::shared_ptr<const ConsulCatalogOptions> options_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_CONSUL_CATALOG_H_
