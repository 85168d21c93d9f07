// SPDX-License-Identifier: Apache-2.0
//
// What a Resource's render function returns: the bytes of the answer, or that they come later.
//
//   tx::web::Body render_get(tx::web::Request&) override { return "<html>hello</html>"; }
//   tx::web::Body render_post(tx::web::Request& request) override {
//     work_on(request);  // and in the end request.write(), request.finish()
//     return tx::web::NOT_DONE_YET;
//   }
#ifndef PROMETHEUS_ASYNC_TX_WEB_BODY_H_
#define PROMETHEUS_ASYNC_TX_WEB_BODY_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace prometheus_async::tx::web {

struct NotDoneYet {};
inline constexpr NotDoneYet NOT_DONE_YET;

class Body {
 public:
  // The whole answer, which is then finished.
  Body(std::string bytes) : bytes_(std::move(bytes)) {}         // NOLINT(google-explicit-constructor)
  Body(std::string_view bytes) : bytes_(bytes) {}               // NOLINT(google-explicit-constructor)
  Body(const char* bytes) : bytes_(std::string_view(bytes)) {}  // NOLINT(google-explicit-constructor)
  // Request::write() and finish() give it.
  Body(NotDoneYet) {}  // NOLINT(google-explicit-constructor)

  bool is_done() const { return bytes_.has_value(); }
  // REQUIRES: is_done().
  const std::string& bytes() const& { return *bytes_; }
  std::string&& bytes() && { return *std::move(bytes_); }

 private:
  std::optional<std::string> bytes_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_BODY_H_
