// SPDX-License-Identifier: Apache-2.0

#include "aio/web/request.h"

#include <utility>

#include "aio/http/percent.h"
#include "aio/web/http_error.h"

namespace prometheus_async::aio::web {

const http::Query& Request::query() const {
  if (!query_) query_ = http::parse_query(query_string());
  return *query_;
}

asio::awaitable<std::string_view> Request::read() {
  if (!content_) {
    std::string content;
    for (;;) {
      const std::string_view piece = co_await body_.read_some();
      if (piece.empty()) break;
      content.append(piece);
    }
    content_ = std::move(content);
  }
  co_return *content_;
}

asio::awaitable<std::string> Request::text() {
  const std::string_view content = co_await read();
  if (!http::is_valid_utf8(content)) throw HttpError(400, "the body is not UTF-8");
  co_return std::string(content);
}

}  // namespace prometheus_async::aio::web
