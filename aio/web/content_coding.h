// SPDX-License-Identifier: Apache-2.0
//
// What an answer in a content coding has in common, in one piece or in many.
//
//   add_vary(response.headers, "Accept-Encoding");
//   if (may_be_coded(response.status, response.headers)) weaken_etag(response.headers);
#ifndef PROMETHEUS_ASYNC_AIO_WEB_CONTENT_CODING_H_
#define PROMETHEUS_ASYNC_AIO_WEB_CONTENT_CODING_H_

#include <optional>
#include <string_view>

#include "aio/http/coding.h"
#include "aio/http/headers.h"
#include "aio/http/status.h"
#include "aio/web/request.h"
#include "exposition/compression.h"

namespace prometheus_async::aio::web::internal {

// What the client prefers of identity, gzip and zstd.
exposition::Encoding preferred_encoding(const Request& request);

// Whether the server may code an answer itself: it is not coded already, no part of a range, and nobody forbids it
// (no-transform).
bool may_be_coded(http::Status status, const http::Headers& headers);

// Names another field of requests that the answer depends on, beside those that are named.
void add_vary(http::Headers& headers, std::string_view name);

// A strong tag becomes a weak one, since it does not stand for the same bytes any more.
void weaken_etag(http::Headers& headers);

// None for identity.
std::optional<http::ContentEncoder> make_encoder(exposition::Encoding encoding);

}  // namespace prometheus_async::aio::web::internal

#endif  // PROMETHEUS_ASYNC_AIO_WEB_CONTENT_CODING_H_
