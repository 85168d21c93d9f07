// SPDX-License-Identifier: Apache-2.0
//
// What Consul's catalog answers, read as targets.
//
//     for (const std::string& name : services_in(R"({"checkout": ["blue"]})", {"blue"})) ...
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_TARGETS_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_TARGETS_H_

#include <string>
#include <vector>

#include "sd/target_group.h"

namespace prometheus_async::sd::internal {

// The names in an answer of /v1/catalog/services under which there are all of `tags`, if not at one instance; in order.
// Errors: any std::exception for what Consul does not answer.
std::vector<std::string> services_in(const std::string& json, const std::vector<std::string>& tags);

// The instances in an answer of /v1/health/service/NAME, in its order. Errors: as above.
std::vector<TargetGroup> instances_in(const std::string& json);

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_TARGETS_H_
