// SPDX-License-Identifier: Apache-2.0
//
// Makes a metrics server known to Consul: registers it with an agent, with a health check, so that a Prometheus with
// consul_sd_configs finds it, and takes it out again when the server closes.
//
//     sd::ConsulAgent agent({.name = "checkout", .tags = {"blue"}, .token = token});
//     sd::Deregister deregister = co_await agent.enroll(endpoint);
//     ...
//     co_await deregister();
#ifndef PROMETHEUS_ASYNC_SD_CONSUL_AGENT_H_
#define PROMETHEUS_ASYNC_SD_CONSUL_AGENT_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "sd/endpoint.h"
#include "sd/service_discovery.h"

namespace prometheus_async::sd {

struct ConsulOptions {
  // The service under which all instances are found. Outside [A-Za-z0-9-]{1,63} Consul's DNS does not answer for it.
  std::string name = "app-metrics";

  // This instance among all services of the agent: two with one ID overwrite each other, and the first to close takes
  // out both. At most 255 characters of [A-Za-z0-9._~:-]. Empty: `{name}-{host}-{port}`, the host being
  // advertise_address, or the address bound, or this host's name for a wildcard; with a fixed port it is the same after
  // a restart, which then replaces what a crash has left behind.
  std::string service_id = {};

  std::vector<std::string> tags = {};

  // Shown by Prometheus as __meta_consul_service_metadata_KEY. Keys are 1 to 128 characters of [A-Za-z0-9_-], values at
  // most 512 bytes, 62 pairs at most. metrics_path and metrics_scheme are added, from the endpoint, unless given here.
  std::map<std::string, std::string> meta = {};

  // Sent as X-Consul-Token; empty: none. It needs service:write on `name`. Never part of a message or URL.
  std::string token = {};

  // False: closing the server leaves the service registered, so that an alert can tell that it is down. It counts as
  // registered either way.
  bool deregister = true;

  // The URL of the agent on this host; http or https, a path in front of /v1 allowed.
  std::string agent = "http://127.0.0.1:8500";

  // The IP address (without brackets) or host name under which others reach this server. Empty: the address bound, and
  // for a wildcard none at all, which Consul takes as the address of the agent's node.
  std::string advertise_address = {};

  // Time between two of the agent's requests for the server's health page; at least 1 s.
  std::chrono::seconds check_interval{10};

  // The longest that the agent may take to answer a registration; positive.
  std::chrono::milliseconds timeout{5000};

  // How long the check may fail until the agent forgets the service; at least 1 min, and up to 30 s late. Unset: for
  // ever. A process that hangs or is stopped in a debugger is forgotten as well: prefer ten minutes to one.
  std::optional<std::chrono::seconds> deregister_critical_service_after = {};
};

// A registration or deregistration that the agent refused or did not answer. what() names the service, its ID, the
// agent and the reason: the status and the first line of the agent's answer, or what happened to the connection. code()
// is of http_status_category() or curl_category(), of sd/http_client.h.
class ConsulError : public std::system_error {
 public:
  using std::system_error::system_error;
};

// A value that holds its options: copies are independent, and it has neither connection nor thread of its own.
//
// Semantics: prometheus_async.aio.sd.ConsulAgent, except that a refusal is an error (not None), the ID is unique by
// default, a wildcard is not sent as an address, the agent's address is an option, and every exchange is bounded.
class ConsulAgent {
 public:
  // Errors: std::invalid_argument naming the option, for what the agent would reject or silently change.
  explicit ConsulAgent(ConsulOptions options);

  // Registers the server at `endpoint`, with an HTTP check of its health page over endpoint.url()'s address (so a
  // wildcard is checked over loopback). Registering the same ID again replaces what is there, checks included.
  //
  // The result deregisters: one request, at most 2 s. A service that the agent no longer knows counts as deregistered,
  // so it may be called again. It needs nothing of this object, and throws ConsulError. With `deregister` false it does
  // nothing.
  //
  // Errors: ConsulError; std::invalid_argument, before anything is sent, for an endpoint that the agent would reject or
  // mangle (port 0, a bracketed address, an ID made from it that is not valid).
  //
  // Cancelled: ends with operation_aborted. If it is then, or after a failed exchange, unknown whether the agent has
  // the service, one deregistration is tried first, whatever `deregister` says, which takes up to 2 s and is not
  // cancellable. The service stays only if that fails too, or if the agent registers it even later.
  //
  // Threads: runs on the awaiting coroutine's executor, which runs one handler at a time.
  [[nodiscard]] asio::awaitable<Deregister> enroll(Endpoint endpoint) const;

 private:
  std::shared_ptr<const ConsulOptions> options_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_CONSUL_AGENT_H_
