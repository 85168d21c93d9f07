// SPDX-License-Identifier: Apache-2.0

#include "aio/web/conditional.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <openssl/evp.h>

#include "aio/http/date.h"
#include "aio/web/http_error.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {
namespace {

// Found once: to look it up takes longer than to hash a short answer.
const EVP_MD* sha256() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (found == nullptr) throw std::runtime_error("libcrypto has no SHA-256");
  return found;
}

Response not_modified(Response response) {
  for (const char* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Length"}) {
    response.headers.remove(name);
  }
  return {304, std::move(response.headers), {}};
}

http::Validators validators_of(const Response& response) {
  http::Validators current;
  current.etag = http::parse_entity_tag(response.headers.get("ETag").value_or(""));
  current.last_modified = http::parse_http_date(response.headers.get("Last-Modified").value_or(""));
  return current;
}

}  // namespace

void check_preconditions(const Request& request, const http::Validators& current) {
  switch (http::evaluate_preconditions(request.method(), request.headers(), current)) {
    case http::Precondition::kProceed: return;
    case http::Precondition::kFailed: throw precondition_failed();
    case http::Precondition::kNotModified: break;
  }
  Response response{304};
  if (current.etag) response.headers.set("ETag", current.etag->to_string());
  if (current.last_modified) response.headers.set("Last-Modified", http::format_http_date(*current.last_modified));
  throw HttpError(std::move(response));
}

http::EntityTag make_etag(std::string_view body) {
  constexpr std::size_t kBytes = 16;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(body.data(), body.size(), digest.data(), nullptr, sha256(), nullptr) != 1) throw std::bad_alloc();
  http::EntityTag tag;
  for (std::size_t i = 0; i < kBytes; ++i) {
    tag.opaque += kDigits[digest[i] >> 4];
    tag.opaque += kDigits[digest[i] & 15];
  }
  return tag;
}

Middleware conditional(ConditionalOptions options) {
  return [options](Request& request, Next next) -> asio::awaitable<Response> {
    Response response = co_await next(request);
    const bool is_read = request.method() == "GET" || request.method() == "HEAD";
    if (!is_read || response.status != 200 || response.body.is_sent()) co_return response;
    // Nothing in answer to HEAD is not what GET gets.
    const bool has_bytes = request.method() == "GET" || response.body.size() > 0;
    if (has_bytes && !response.headers.contains("ETag") && response.body.size() <= options.max_size &&
        !response.headers.has_token("Cache-Control", "no-store")) {
      response.headers.set("ETag", make_etag(response.body.view()).to_string());
    }
    switch (http::evaluate_preconditions(request.method(), request.headers(), validators_of(response))) {
      case http::Precondition::kProceed: break;
      case http::Precondition::kNotModified: co_return not_modified(std::move(response));
      case http::Precondition::kFailed: co_return precondition_failed().response();
    }
    co_return response;
  };
}

}  // namespace prometheus_async::aio::web
