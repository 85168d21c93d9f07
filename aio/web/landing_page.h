// SPDX-License-Identifier: Apache-2.0
//
// The page at "/" of a metrics server: says what this is and leads to the metrics. It is constant, so that a health
// check may ask for it as often as it likes and need not have the metrics collected.
//
//   app.router().add_get("/", web::make_landing_page("/metrics", {.name = "checkout", .version = "1.4.2"}));
#ifndef PROMETHEUS_ASYNC_AIO_WEB_LANDING_PAGE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_LANDING_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "aio/web/handler.h"

namespace prometheus_async::aio::web {

// All text is plain and is escaped. What is empty is left out.
struct LandingPageOptions {
  struct Link {
    std::string href;
    std::string text;
    std::string description = {};
  };

  std::string name = "Metrics";  // the title
  std::string description = {};
  std::string version = {};
  // After the one to the metrics.
  std::vector<Link> links = {};
};

// Answers at once with the same bytes each time. The page loads nothing from anywhere, and its
// Content-Security-Policy allows nothing but its own style.
Handler make_landing_page(std::string_view metrics_path = "/metrics", const LandingPageOptions& options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_LANDING_PAGE_H_
