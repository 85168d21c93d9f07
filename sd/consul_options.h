// SPDX-License-Identifier: Apache-2.0
//
// How a service is registered with Consul, and how its agent is reached.
//
//     sd::ConsulOptions options = sd::ConsulOptions::from_env();  // CONSUL_HTTP_ADDR and its like
//     options.name = "checkout";
//     options.check = sd::ConsulTtlCheck{.ttl = std::chrono::seconds(30)};
//     sd::ConsulAgent agent(options);
#ifndef PROMETHEUS_ASYNC_SD_CONSUL_OPTIONS_H_
#define PROMETHEUS_ASYNC_SD_CONSUL_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "metrics/registry.h"
#include "sd/http_client.h"

namespace prometheus_async::sd {

// The agent asks for a page: 2xx is passing, 429 warning, everything else critical. It shows that the server can be
// reached from the agent.
struct ConsulHttpCheck {
  // As the agent reaches it, if that is not as this host does. Empty: the endpoint's health page at endpoint.url()'s
  // address, so that a wildcard is checked over loopback.
  std::string url = {};
  // Between two requests; at least 1 s.
  std::chrono::milliseconds interval{10'000};
  // The longest that the page may take; positive. Unset: Consul's 10 s.
  std::optional<std::chrono::milliseconds> timeout = {};
  // For a certificate that the agent cannot verify, as one of one's own making.
  bool tls_skip_verify = false;
};

// The agent connects: passing if it can.
struct ConsulTcpCheck {
  // "host:port" as the agent reaches it. Empty: as ConsulHttpCheck's address.
  std::string address = {};
  std::chrono::milliseconds interval{10'000};             // at least 1 s
  std::optional<std::chrono::milliseconds> timeout = {};  // positive; unset: Consul's 10 s
};

// The server tells the agent that it is well, three times in each `ttl`; the check is critical when the agent has heard
// nothing for that long. It shows that the event loop runs, and works where the agent cannot reach the server.
struct ConsulTtlCheck {
  std::chrono::milliseconds ttl{30'000};  // at least 1 s
};

// Consul takes the service to be well for as long as its node is.
struct ConsulNoCheck {};

using ConsulCheck = std::variant<ConsulHttpCheck, ConsulTcpCheck, ConsulTtlCheck, ConsulNoCheck>;

enum class ConsulStatus : std::uint8_t { kPassing, kWarning, kCritical };

// How many answers of Consul's DNS, and of load balancers that ask it, the service is worth by its checks' status.
struct ConsulWeights {
  int passing = 1;  // at least 1
  int warning = 1;  // at least 0
};

// What to do when the first registration fails.
enum class ConsulStartUp : std::uint8_t {
  kFail,        // enroll() throws, and the server does not start
  kKeepTrying,  // enroll() returns, the server serves, and is_registered() tells when it has come true
};

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

  // A file that holds the token, in place of `token` where it is not empty: read at each registration, and again when
  // the agent denies something, so that a token may be renewed while the server runs. White space around it is cut off.
  std::string token_file = {};

  // "user" or "user:password" for a proxy in front of the agent, sent as HTTP Basic authentication; empty: none. Never
  // part of a message.
  std::string http_auth = {};

  // False: closing the server leaves the service registered, so that an alert can tell that it is down.
  bool deregister = true;

  // The agent on this host: http://HOST:PORT or https://HOST:PORT, a path in front of /v1 allowed, or unix:///PATH.
  std::string agent = "http://127.0.0.1:8500";

  // Files and names for https.
  HttpTls tls = {};

  // Of Consul Enterprise; sent only if not empty, since others refuse them.
  std::string consul_namespace = {};
  std::string partition = {};

  // The IP address (without brackets) or host name under which others reach this server. Empty: the address bound, and
  // for a wildcard none at all, which Consul takes as the address of the agent's node.
  std::string advertise_address = {};

  ConsulCheck check = ConsulHttpCheck{};

  // Until the check has run for the first time, which may take an interval. Unset: Consul's, critical.
  std::optional<ConsulStatus> initial_status = {};

  // How long the check may be critical until the agent forgets the service; at least 1 min, and up to 30 s late. Unset:
  // for ever. A process that hangs or is stopped in a debugger is forgotten as well, and registers again when it goes
  // on: prefer ten minutes to one.
  std::optional<std::chrono::seconds> deregister_critical_service_after = {};

  std::optional<ConsulWeights> weights = {};

  // The longest that the agent may take for an answer; positive. An agent that has no leader to tell may take 7 s.
  std::chrono::milliseconds timeout{10'000};

  ConsulStartUp start_up = ConsulStartUp::kFail;

  // Whether to see to it that the service stays as it was registered, until it is deregistered: see ConsulAgent.
  bool keep_registered = true;

  // How long the agent may hold a request that waits for a change of the service; 1 s to 10 min. A change is seen at
  // once; that the agent hangs, only after this and `timeout`. In between, it is what an idle registration costs:
  // one request each time.
  std::chrono::seconds watch{60};

  // Where sd_registered and its like are; outlives the registration. Null: metrics::default_registry().
  metrics::Registry* registry = nullptr;

  // Told in one line of what operators would want to read: registered again, and why; the agent is away, or back; it
  // denies something. Called on the server's executor; must not throw. Null: nothing.
  std::function<void(std::string_view)> log = {};

  // The defaults, changed by Consul's own variables of the environment: CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN,
  // CONSUL_HTTP_TOKEN_FILE, CONSUL_HTTP_AUTH, CONSUL_HTTP_SSL, CONSUL_HTTP_SSL_VERIFY, CONSUL_CACERT, CONSUL_CAPATH,
  // CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY, CONSUL_TLS_SERVER_NAME, CONSUL_NAMESPACE, CONSUL_PARTITION. An empty one is
  // as none. Precedence is Consul's: the file beats the token, CONSUL_HTTP_SSL an http:// address, and https:// needs
  // no CONSUL_HTTP_SSL.
  //
  // Errors: std::invalid_argument naming the variable that cannot be understood (where Consul's own client may go on
  // without verification).
  static ConsulOptions from_env();
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_CONSUL_OPTIONS_H_
