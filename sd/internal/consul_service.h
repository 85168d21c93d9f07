// SPDX-License-Identifier: Apache-2.0
//
// One service of one agent: what is sent to register it, and the calls that concern it alone.
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_SERVICE_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "sd/consul_options.h"
#include "sd/endpoint.h"
#include "sd/http_client.h"
#include "sd/internal/consul_api.h"

namespace prometheus_async::sd::internal {

// Every call throws ConsulError, and ends with operation_aborted when it is cancelled.
// Threads: one executor, as HttpClient.
class ConsulService {
 public:
  // REQUIRES: checked options. Throws std::invalid_argument for an endpoint that the agent would reject or mangle.
  ConsulService(std::shared_ptr<const ConsulOptions> options, const Endpoint& endpoint);

  // What the agent knows of the service.
  struct Sight {
    enum class State : std::uint8_t { kOurs, kChanged, kGone } state = State::kGone;
    std::string hash = {};  // of what it knows; empty if it does not say
  };

  // Within `timeout`; 0: the option's.
  asio::awaitable<void> put_up(HttpClient& client, std::chrono::milliseconds timeout);
  // A service that the agent no longer knows counts as taken down. At most 2 s.
  asio::awaitable<void> take_down(HttpClient& client);
  // With a hash the agent answers only once it knows the service otherwise, or after ConsulOptions::watch.
  asio::awaitable<Sight> look(HttpClient& client, std::string hash);
  // The heartbeat of a TTL check.
  asio::awaitable<void> beat(HttpClient& client);
  // With a reason: in maintenance. Without: out of it.
  asio::awaitable<void> maintain(HttpClient& client, std::optional<std::string> reason);

  bool refresh_token() { return api_.refresh_token(); }
  // Whether there has been another token since the registration: an agent goes on telling Consul's servers of the
  // service with the one that it was registered with, and fails where that is void.
  bool has_old_token() const { return api_.token_version() != registered_version_; }

  const std::string& id() const { return id_; }
  const std::string& name() const { return api_.options().name; }
  // "service 'checkout' (ID 'checkout-1')"
  std::string title() const;

 private:
  std::string registration(const Endpoint& endpoint) const;

  ConsulApi api_;
  std::string id_;
  std::string encoded_id_;    // for a path
  std::string registration_;  // JSON
  int registered_version_ = 0;
};

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_SERVICE_H_
