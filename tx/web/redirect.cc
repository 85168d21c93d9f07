// SPDX-License-Identifier: Apache-2.0

#include "tx/web/redirect.h"

#include "tx/web/html_escape.h"

namespace prometheus_async::tx::web {

Body Redirect::render(Request& request) { return redirect_to(url_, request, status_); }

Body redirect_to(std::string_view url, Request& request, http::Status status) {
  request.redirect(url, status);
  request.set_header("Content-Type", "text/html; charset=utf-8");
  return "<html><head></head><body><a href=\"" + escape_html(url) + "\">click here</a></body></html>";
}

}  // namespace prometheus_async::tx::web
