// SPDX-License-Identifier: Apache-2.0
//
// What a Klein, its resources and its requests under way share.
#ifndef PROMETHEUS_ASYNC_TX_WEB_INTERNAL_KLEIN_APP_H_
#define PROMETHEUS_ASYNC_TX_WEB_INTERNAL_KLEIN_APP_H_

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "tx/web/internal/error_function.h"
#include "tx/web/internal/route_function.h"
#include "tx/web/url_map.h"
#include "tx/web/url_rule.h"

namespace prometheus_async::tx::web::internal {

struct KleinApp {
  struct Route {
    std::shared_ptr<RouteFunction> function;
    // The segments of the path that are the route's own: of a branch, without the rest.
    std::size_t segments;
    // Whether this is the rule for what is below a branch, whose last value is the rest.
    bool has_rest;
  };

  UrlMap map;
  std::unordered_map<const UrlRule*, Route> routes;
  std::vector<std::unique_ptr<ErrorFunction>> error_functions;
};

}  // namespace prometheus_async::tx::web::internal

#endif  // PROMETHEUS_ASYNC_TX_WEB_INTERNAL_KLEIN_APP_H_
