// SPDX-License-Identifier: Apache-2.0
//
// Resources that say why there is nothing to see.
//
//   tx::web::ResourcePtr get_child(std::string_view name, tx::web::Request&) override {
//     if (!is_known(name)) return tx::web::not_found();
//     return UserPage(name);
//   }
#ifndef PROMETHEUS_ASYNC_TX_WEB_PAGES_H_
#define PROMETHEUS_ASYNC_TX_WEB_PAGES_H_

#include <string>
#include <string_view>

#include "aio/http/status.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

// A page with that status for every method and every path below.
class ErrorPage : public Resource {
 public:
  // Text, which is escaped.
  ErrorPage(http::Status status, std::string_view brief, std::string_view detail);

  bool is_leaf() const override { return true; }
  Body render(Request& request) override;

 private:
  http::Status status_;
  std::string page_;
};

// Semantics: twisted.web.pages.errorPage, notFound and forbidden.
ErrorPage error_page(http::Status status, std::string_view brief, std::string_view detail);
ErrorPage not_found(std::string_view brief = "No Such Resource",
                    std::string_view detail = "Sorry. No luck finding that resource.");
ErrorPage forbidden(std::string_view brief = "Forbidden Resource",
                    std::string_view detail = "Sorry, resource is forbidden.");

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_PAGES_H_
