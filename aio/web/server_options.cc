// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_options.h"

namespace prometheus_async::aio::web::internal {

net::HttpOptions http_options(const ServerOptions& options) {
  net::HttpOptions result{.limits = options.limits,
                          .timeouts = options.timeouts,
                          .min_body_rate = options.min_body_rate,
                          .max_requests = options.max_requests,
                          .log = options.log};
  if (options.access_log.sink) result.observers.push_back(std::make_shared<AccessLog>(options.access_log));
  result.observers.insert(result.observers.end(), options.observers.begin(), options.observers.end());
  return result;
}

}  // namespace prometheus_async::aio::web::internal
