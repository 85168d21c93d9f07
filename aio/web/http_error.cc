// SPDX-License-Identifier: Apache-2.0

#include "aio/web/http_error.h"

#include <utility>

namespace prometheus_async::aio::web {

HttpError::HttpError(Status status, std::string_view reason)
    : HttpError(text(std::to_string(status.code()) + ": " + std::string(reason.empty() ? status.reason() : reason),
                     status)) {}

HttpError::HttpError(Response response) : response_(std::move(response)) {}

}  // namespace prometheus_async::aio::web
