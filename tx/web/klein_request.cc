// SPDX-License-Identifier: Apache-2.0

#include "tx/web/klein_request.h"

#include <algorithm>
#include <stdexcept>

#include "tx/web/url_quote.h"

namespace prometheus_async::tx::web {

std::string make_external(const Request& request, std::string_view path) {
  if (request.host().empty()) {
    throw std::invalid_argument("an external URL of \"" + std::string(path) + "\": the request has no Host");
  }
  return std::string(request.is_secure() ? "https://" : "http://").append(request.host()).append(path);
}

KleinRequest::KleinRequest(Request& request, const UrlMap& map)
    : request_(request), map_(map), mount_(request.prepath().size()) {}

std::string KleinRequest::mounted(std::string_view path) const {
  std::string whole;
  const std::vector<std::string>& segments = request_.prepath();
  for (std::size_t i = 0; i < std::min(mount_, segments.size()); ++i) {
    if (!segments[i].empty()) whole.append("/").append(quote_segment(segments[i]));
  }
  return whole.append(path);
}

std::string KleinRequest::url_for(std::string_view endpoint, const UrlValues& values,
                                  const UrlForOptions& options) const {
  std::string url = mounted(map_.build(endpoint, values, options.method, options.append_unknown));
  return options.force_external ? make_external(request_, url) : url;
}

}  // namespace prometheus_async::tx::web
