// SPDX-License-Identifier: Apache-2.0
//
// What Klein knows of a request beyond the request itself: a function behind a route may take this in its place.
//
//   app.route("/users/<int:id>", {.endpoint = "user"}, [](tx::web::KleinRequest& request, int id) {
//     inbound_requests.labels(request.pattern(), request.request().method()).Increment();
//     return "the next one: " + request.url_for("user", {{"id", id + 1}});
//   });
#ifndef PROMETHEUS_ASYNC_TX_WEB_KLEIN_REQUEST_H_
#define PROMETHEUS_ASYNC_TX_WEB_KLEIN_REQUEST_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tx/web/request.h"
#include "tx/web/url_map.h"
#include "tx/web/url_rule.h"
#include "tx/web/url_values.h"

namespace prometheus_async::tx::web {

struct UrlForOptions {
  // Only routes that answer it; empty for any, with GET preferred.
  std::string method = {};
  // With scheme and host in front, as the request has them.
  bool force_external = false;
  // Values that the pattern has no place for become the query.
  bool append_unknown = true;
};

// The URL `path` with the request's scheme and host in front. Throws std::invalid_argument if the request has no Host.
std::string make_external(const Request& request, std::string_view path);

// Lives until the function's Deferred has its result: a coroutine may use it throughout.
class KleinRequest {
 public:
  KleinRequest(Request& request, const UrlMap& map);

  KleinRequest(const KleinRequest&) = delete;
  KleinRequest& operator=(const KleinRequest&) = delete;

  Request& request() const { return request_; }

  // Of the route: a pattern is fit for a metric's label as the path is not. Both empty if none matched, in a function
  // of handle_errors.
  std::string_view pattern() const { return rule_ == nullptr ? std::string_view() : rule_->pattern(); }
  std::string_view endpoint() const { return rule_ == nullptr ? std::string_view() : rule_->endpoint(); }

  // What a branch route left: {"a", "b"} of "/users/a/b" for a branch at "/users"; {""} if nothing.
  const std::vector<std::string>& branch_segments() const { return branch_segments_; }

  // The URL of an endpoint of the same application, with the path in front that the application is at.
  //
  // Throws BuildError, which names the endpoint and what is wrong with it or with its values; and std::invalid_argument
  // for an external URL where the request has no Host.
  std::string url_for(std::string_view endpoint, const UrlValues& values = {}, const UrlForOptions& options = {}) const;

 private:
  friend class KleinExchange;

  // A path of the application as one of the site.
  std::string mounted(std::string_view path) const;

  Request& request_;
  const UrlMap& map_;
  const std::size_t mount_;  // segments of prepath that lead to the application
  const UrlRule* rule_ = nullptr;
  std::vector<std::string> branch_segments_{""};
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_KLEIN_REQUEST_H_
