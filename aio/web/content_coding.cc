// SPDX-License-Identifier: Apache-2.0

#include "aio/web/content_coding.h"

#include <string>

#include "exposition/negotiation.h"

namespace prometheus_async::aio::web::internal {

exposition::Encoding preferred_encoding(const Request& request) {
  return exposition::negotiate_encoding(request.headers().get_list("Accept-Encoding"));
}

bool may_be_coded(http::Status status, const http::Headers& headers) {
  return status != 206 && !headers.contains("Content-Encoding") && !headers.contains("Content-Range") &&
         !headers.has_token("Cache-Control", "no-transform");
}

void add_vary(http::Headers& headers, std::string_view name) {
  if (headers.has_token("Vary", name) || headers.has_token("Vary", "*")) return;
  std::string names = headers.get_list("Vary");
  names.append(names.empty() ? "" : ", ").append(name);
  headers.set("Vary", names);
}

void weaken_etag(http::Headers& headers) {
  const std::string tag(headers.get("ETag").value_or(""));
  if (tag.starts_with('"')) headers.set("ETag", "W/" + tag);
}

std::optional<http::ContentEncoder> make_encoder(exposition::Encoding encoding) {
  switch (encoding) {
    case exposition::Encoding::kGzip: return http::ContentEncoder::gzip();
    case exposition::Encoding::kZstd: return http::ContentEncoder::zstd();
    case exposition::Encoding::kIdentity: break;
  }
  return std::nullopt;
}

}  // namespace prometheus_async::aio::web::internal
