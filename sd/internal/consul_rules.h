// SPDX-License-Identifier: Apache-2.0
//
// What a Consul agent would reject, or accept and change: refused here, before anything is sent.
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_RULES_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_RULES_H_

#include <string>

#include "sd/consul_options.h"
#include "sd/endpoint.h"

namespace prometheus_async::sd::internal {

// All throw std::invalid_argument, "Consul registration: THING 'value' RULE".
void check(const ConsulOptions& options);
void check(const Endpoint& endpoint);
void check_service_id(const std::string& id);
// The part of the options that says how the agent is reached.
void check_connection(const ConsulOptions& options);

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_RULES_H_
