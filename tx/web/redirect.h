// SPDX-License-Identifier: Apache-2.0
//
// A resource that sends the client elsewhere.
//
//   root.put_child("old", tx::web::Redirect("/new"));
#ifndef PROMETHEUS_ASYNC_TX_WEB_REDIRECT_H_
#define PROMETHEUS_ASYNC_TX_WEB_REDIRECT_H_

#include <string>
#include <string_view>
#include <utility>

#include "aio/http/status.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

// For every method and every path below. Semantics: twisted.web.util.Redirect.
class Redirect : public Resource {
 public:
  explicit Redirect(std::string url, http::Status status = 302) : url_(std::move(url)), status_(status) {}

  bool is_leaf() const override { return true; }
  Body render(Request& request) override;

 private:
  std::string url_;
  http::Status status_;
};

// Makes a redirection of the request's answer; the page, to be returned, says it to those who do not follow.
Body redirect_to(std::string_view url, Request& request, http::Status status = 302);

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_REDIRECT_H_
