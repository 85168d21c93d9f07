// SPDX-License-Identifier: Apache-2.0
//
// Consul's variables of the environment as options, read as its own client reads them; where that one warns and goes on
// without verification, this refuses. Behind ConsulOptions::from_env(); nothing outside sd includes this.
//
//     const ConsulOptions options = internal::consul_options_from_env([](const char* name) { return std::getenv(name);
//     });
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_ENV_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_ENV_H_

#include <functional>

#include "sd/consul_options.h"

namespace prometheus_async::sd::internal {

// `variable` gives the value of a name, or null; an empty value is as none.
//
// - CONSUL_HTTP_ADDR "host:port" gets a scheme: https:// with CONSUL_HTTP_SSL, which turns http:// into https:// too,
//   else http://. unix:///path stays as it is, and cannot be combined with CONSUL_HTTP_SSL.
// - Both token and token file are taken over: which one counts is seen when the file is read.
// - CONSUL_CACERT and its like matter for https only, and are taken over without it as well.
//
// Errors: std::invalid_argument naming the variable and the rule, and no value that may be secret.
// Semantics: api.NewClient of Consul's Go client.
ConsulOptions consul_options_from_env(const std::function<const char*(const char*)>& variable);

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_ENV_H_
