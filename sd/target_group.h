// SPDX-License-Identifier: Apache-2.0
//
// Targets with labels, as Prometheus takes them from a file (file_sd_configs) or over HTTP (http_sd_configs).
//
//     const sd::Endpoint endpoint{.address = "10.0.0.5", .port = 9100};
//     sd::to_json({sd::target_group(endpoint, {{"team", "pay"}})});
//     // [{"targets":["10.0.0.5:9100"],"labels":{"__metrics_path__":"/metrics","__scheme__":"http","team":"pay"}}]
#ifndef PROMETHEUS_ASYNC_SD_TARGET_GROUP_H_
#define PROMETHEUS_ASYNC_SD_TARGET_GROUP_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sd/endpoint.h"

namespace prometheus_async::sd {

using TargetLabels = std::map<std::string, std::string>;

struct TargetGroup {
  std::vector<std::string> targets = {};  // "host:port", an IPv6 address in brackets
  TargetLabels labels = {};               // of each of them; see check_target_labels()

  friend bool operator==(const TargetGroup&, const TargetGroup&) = default;
};

// The server at `endpoint` as a group of its own. Its host is `advertise_address`, or the address bound, or, of a
// wildcard, this host's name.
//
// It says __metrics_path__ and __scheme__ also where they are Prometheus' defaults, so that they hold whatever the job
// has for them; `labels` that have them, as for a server behind a proxy, win.
//
// Errors: std::invalid_argument for what Prometheus could not scrape: port 0, a scheme other than http and https, a
// path without a slash, an address in brackets or with a zone; and as check_target_labels().
TargetGroup target_group(const Endpoint& endpoint, TargetLabels labels = {}, const std::string& advertise_address = {});

// The host that target_group() takes: an IP address without brackets, or a name.
std::string target_host(const Endpoint& endpoint, const std::string& advertise_address = {});

// Names are [a-zA-Z_][a-zA-Z0-9_]*, since Prometheus 2 turns down all targets for one other, and neither __address__
// nor __name__, which are not a target's to say. Other names that begin with two underscores, as __meta_team and
// __param_module, are for relabelling and vanish after it. Values are UTF-8.
//
// Errors: std::invalid_argument that names the label and the rule.
void check_target_labels(const TargetLabels& labels);

// An IP address without brackets and zone that is no wildcard, or a name of [A-Za-z0-9._-].
// Errors: std::invalid_argument that names `what`, the address and the rule.
void check_target_host(const std::string& what, const std::string& host);

// A list of groups in one line of JSON; "[]" for none.
std::string to_json(const std::vector<TargetGroup>& groups);

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_TARGET_GROUP_H_
