// SPDX-License-Identifier: Apache-2.0

#include "aio/web/http_error.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::web {
namespace {

HttpError with_field(Status status, std::string_view reason, std::string_view name, std::string_view value) {
  if (std::any_of(value.begin(), value.end(), [](char c) { return http::is_control(c); })) {
    throw std::invalid_argument(std::string(name) + ": control byte in the value");
  }
  Response response = HttpError(status, reason).response();
  response.headers.set(name, value);
  return HttpError(std::move(response));
}

HttpError redirect(Status status, std::string_view location) {
  if (location.empty()) throw std::invalid_argument("Location: it is empty");
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string url;
  for (const char c : location) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte == ' ' || byte >= 0x80) {
      url.append("%").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    } else {
      url += c;
    }
  }
  return with_field(status, {}, "Location", url);
}

HttpError with_retry(Status status, std::optional<std::chrono::seconds> retry_after, std::string_view reason) {
  if (!retry_after) return HttpError(status, reason);
  return with_field(status, reason, "Retry-After", std::to_string(std::max<std::int64_t>(0, retry_after->count())));
}

}  // namespace

HttpError::HttpError(Status status, std::string_view reason)
    : HttpError(text(std::to_string(status.code()) + ": " + std::string(reason.empty() ? status.reason() : reason),
                     status)) {}

HttpError::HttpError(Response response) : response_(std::move(response)), what_(response_.body.view()) {}

HttpError moved_permanently(std::string_view location) { return redirect(301, location); }
HttpError found(std::string_view location) { return redirect(302, location); }
HttpError see_other(std::string_view location) { return redirect(303, location); }
HttpError temporary_redirect(std::string_view location) { return redirect(307, location); }
HttpError permanent_redirect(std::string_view location) { return redirect(308, location); }

HttpError bad_request(std::string_view reason) { return HttpError(400, reason); }
HttpError unauthorized(std::string_view www_authenticate, std::string_view reason) {
  return with_field(401, reason, "WWW-Authenticate", www_authenticate);
}
HttpError forbidden(std::string_view reason) { return HttpError(403, reason); }
HttpError not_found(std::string_view reason) { return HttpError(404, reason); }
HttpError method_not_allowed(std::string_view allow, std::string_view reason) {
  return with_field(405, reason, "Allow", allow);
}
HttpError not_acceptable(std::string_view reason) { return HttpError(406, reason); }
HttpError request_timeout(std::string_view reason) { return HttpError(408, reason); }
HttpError conflict(std::string_view reason) { return HttpError(409, reason); }
HttpError gone(std::string_view reason) { return HttpError(410, reason); }
HttpError precondition_failed(std::string_view reason) { return HttpError(412, reason); }
HttpError too_large(std::string_view reason) { return HttpError(413, reason); }
HttpError unsupported_media_type(std::string_view reason) { return HttpError(415, reason); }
HttpError unprocessable(std::string_view reason) { return HttpError(422, reason); }
HttpError precondition_required(std::string_view reason) { return HttpError(428, reason); }
HttpError too_many_requests(std::optional<std::chrono::seconds> retry_after, std::string_view reason) {
  return with_retry(429, retry_after, reason);
}

HttpError internal_server_error(std::string_view reason) { return HttpError(500, reason); }
HttpError not_implemented(std::string_view reason) { return HttpError(501, reason); }
HttpError bad_gateway(std::string_view reason) { return HttpError(502, reason); }
HttpError service_unavailable(std::optional<std::chrono::seconds> retry_after, std::string_view reason) {
  return with_retry(503, retry_after, reason);
}
HttpError gateway_timeout(std::string_view reason) { return HttpError(504, reason); }

}  // namespace prometheus_async::aio::web
