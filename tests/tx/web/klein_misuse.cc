// SPDX-License-Identifier: Apache-2.0
//
// Uses of Klein that must not compile, one for each macro; with NOTHING_WRONG, it does.
#include <memory>
#include <string>
#include <vector>

#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/web/klein.h"
#include "tx/web/request.h"

namespace tx = prometheus_async::tx;
using tx::web::Request;

void use(tx::web::Klein& app) {
#if defined(NOTHING_WRONG)
  app.route("/", [](Request&) {});
#elif defined(RETURNS_A_NUMBER)
  app.route("/", [](Request&) { return 42; });
#elif defined(RETURNS_A_DEFERRED_NUMBER)
  app.route("/", [](Request&) { return tx::succeed(42); });
#elif defined(RETURNS_NULL)
  app.route("/", [](Request&) { return nullptr; });
#elif defined(TAKES_NO_REQUEST)
  app.route("/<int:id>", [](int id) { return std::to_string(id); });
#elif defined(TAKES_NOTHING)
  app.route("/", [] { return "hello"; });
#elif defined(TAKES_A_POINTER_TO_THE_REQUEST)
  app.route("/", [](const Request*) {});
#elif defined(TAKES_A_VECTOR)
  app.route("/<id>", [](Request&, std::vector<char>) {});
#elif defined(TAKES_A_NUMBER_BY_REFERENCE)
  app.route("/<int:id>", [](Request&, const int& id) { return std::to_string(id); });
#elif defined(TAKES_A_BOOL)
  app.route("/<int:id>", [](Request&, bool) {});
#elif defined(IS_GENERIC)
  app.route("/<id>", [](Request&, auto id) { return std::string(id); });
#elif defined(ERROR_HANDLER_TAKES_A_NUMBER)
  app.handle_errors([](Request&, int) {});
#elif defined(ERROR_HANDLER_RETURNS_A_NUMBER)
  app.handle_errors([](Request&, const tx::Failure&) { return 42; });
#elif defined(SUBROUTE_OF_NOTHING)
  app.subroute("/a", [](int) {});
#endif
}
