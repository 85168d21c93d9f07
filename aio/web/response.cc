// SPDX-License-Identifier: Apache-2.0

#include "aio/web/response.h"

#include <utility>

namespace prometheus_async::aio::web {

Response text(Body body, Status status) { return content(std::move(body), "text/plain; charset=utf-8", status); }

Response html(Body body, Status status) { return content(std::move(body), "text/html; charset=utf-8", status); }

Response json(Body body, Status status) { return content(std::move(body), "application/json", status); }

Response content(Body body, std::string_view content_type, Status status) {
  return {status, Headers{{"Content-Type", content_type}}, std::move(body)};
}

}  // namespace prometheus_async::aio::web
