// SPDX-License-Identifier: Apache-2.0

#include "tx/web/pages.h"

#include "tx/web/html_escape.h"

namespace prometheus_async::tx::web {

ErrorPage::ErrorPage(http::Status status, std::string_view brief, std::string_view detail) : status_(status) {
  const std::string title = escape_html(brief);
  page_ = "<html><head><title>" + std::to_string(status.code()) + " - " + title + "</title></head><body><h1>" + title +
          "</h1><p>" + escape_html(detail) + "</p></body></html>";
}

Body ErrorPage::render(Request& request) {
  request.set_response_code(status_);
  request.set_header("Content-Type", "text/html; charset=utf-8");
  return page_;
}

ErrorPage error_page(http::Status status, std::string_view brief, std::string_view detail) {
  return ErrorPage(status, brief, detail);
}

ErrorPage not_found(std::string_view brief, std::string_view detail) { return ErrorPage(404, brief, detail); }

ErrorPage forbidden(std::string_view brief, std::string_view detail) { return ErrorPage(403, brief, detail); }

}  // namespace prometheus_async::tx::web
