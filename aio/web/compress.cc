// SPDX-License-Identifier: Apache-2.0

#include "aio/web/compress.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/http/ascii.h"
#include "aio/http/coding.h"
#include "aio/http/conditional.h"
#include "aio/web/content_coding.h"
#include "exposition/compression.h"

namespace prometheus_async::aio::web {
namespace {

// What is compressed in one go, by the faster library, and what of a larger body before others have their turn.
constexpr std::size_t kAtOnce = 128 * 1024;
constexpr std::size_t kTurn = 64 * 1024;

asio::awaitable<std::string> compressed(std::string_view text, exposition::Encoding encoding) {
  if (text.size() <= kAtOnce) co_return exposition::compress(text, encoding);
  std::optional<http::ContentEncoder> encoder = internal::make_encoder(encoding);
  const auto executor = co_await asio::this_coro::executor;
  std::string out;
  while (!text.empty()) {
    encoder->write(text.substr(0, kTurn), out);
    text.remove_prefix(std::min(text.size(), kTurn));
    co_await asio::post(executor, asio::use_awaitable);
  }
  encoder->finish(out);
  co_return out;
}

// What a handler says is not modified may be what the client has by us: with a tag that was made weak, which is the one
// to name then.
void prepare_not_modified(const Request& request, Response& response) {
  const auto tag = http::parse_entity_tag(response.headers.get("ETag").value_or(""));
  const auto known = http::parse_entity_tags(request.headers().get_list("If-None-Match"));
  if (!tag || tag->is_weak || !known) return;
  const http::EntityTag weak{tag->opaque, true};
  if (std::find(known->tags.begin(), known->tags.end(), weak) == known->tags.end()) return;
  internal::weaken_etag(response.headers);
  internal::add_vary(response.headers, "Accept-Encoding");
}

}  // namespace

bool is_compressible(std::string_view content_type) {
  constexpr std::array<std::string_view, 10> kTypes = {
      "application/ecmascript", "application/javascript",   "application/json", "application/manifest+json",
      "application/wasm",       "application/x-ndjson",     "application/xml",  "application/openmetrics-text",
      "image/svg+xml",          "image/vnd.microsoft.icon",
  };
  std::string type(http::trim_ows(content_type.substr(0, content_type.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), http::ascii_lower);
  return (type.starts_with("text/") && type != "text/event-stream") || type.ends_with("+json") ||
         type.ends_with("+xml") || std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

Middleware compress(CompressOptions options) {
  if (!options.is_compressible) throw std::invalid_argument("compress(): is_compressible is a null function");
  return [options = std::move(options)](Request& request, Next next) -> asio::awaitable<Response> {
    Response response = co_await next(request);
    if (response.status == 304) prepare_not_modified(request, response);
    const std::string_view body = response.body.view();
    if (body.empty() || body.size() < options.min_size || response.status.is_bodiless() ||
        !internal::may_be_coded(response.status, response.headers) ||
        !options.is_compressible(response.headers.get("Content-Type").value_or(""))) {
      co_return response;
    }
    internal::add_vary(response.headers, "Accept-Encoding");
    const exposition::Encoding encoding = internal::preferred_encoding(request);
    if (encoding == exposition::Encoding::kIdentity) co_return response;
    std::string coded = co_await compressed(body, encoding);
    response.body = std::move(coded);
    response.headers.set("Content-Encoding", exposition::to_string(encoding));
    internal::weaken_etag(response.headers);
    co_return response;
  };
}

}  // namespace prometheus_async::aio::web
