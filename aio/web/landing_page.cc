// SPDX-License-Identifier: Apache-2.0

#include "aio/web/landing_page.h"

#include <string>

namespace prometheus_async::aio::web {

Handler make_landing_page(std::string_view metrics_path) {
  const std::string page = "<html><body><a href=\"" + std::string(metrics_path) + "\">Metrics</a></body></html>";
  return [page](Request&) { return html(page); };
}

}  // namespace prometheus_async::aio::web
