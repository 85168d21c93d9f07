// SPDX-License-Identifier: Apache-2.0

#include "aio/web/http_error.h"

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::get_now;
using namespace std::string_view_literals;

std::string_view field(const HttpError& error, std::string_view name) {
  return error.response().headers.get(name).value_or("none");
}

TEST(HttpError, SaysItsStatusInPlainText) {
  const HttpError error(404);
  EXPECT_EQ(error.status(), 404);
  EXPECT_EQ(error.response().body, "404: Not Found");
  EXPECT_STREQ(error.what(), "404: Not Found");
  EXPECT_EQ(field(error, "Content-Type"), "text/plain; charset=utf-8");
}

TEST(HttpError, SaysTheReasonThatItIsGiven) {
  EXPECT_EQ(not_found("no such user").response().body, "404: no such user");
}

TEST(HttpErrors, HaveTheirStatus) {
  const std::vector<std::pair<HttpError, int>> errors = {{bad_request(), 400},
                                                         {unauthorized("Basic"), 401},
                                                         {forbidden(), 403},
                                                         {not_found(), 404},
                                                         {method_not_allowed("GET"), 405},
                                                         {not_acceptable(), 406},
                                                         {request_timeout(), 408},
                                                         {conflict(), 409},
                                                         {gone(), 410},
                                                         {precondition_failed(), 412},
                                                         {too_large(), 413},
                                                         {unsupported_media_type(), 415},
                                                         {unprocessable(), 422},
                                                         {precondition_required(), 428},
                                                         {too_many_requests(), 429},
                                                         {internal_server_error(), 500},
                                                         {not_implemented(), 501},
                                                         {bad_gateway(), 502},
                                                         {service_unavailable(), 503},
                                                         {gateway_timeout(), 504},
                                                         {moved_permanently("/"), 301},
                                                         {found("/"), 302},
                                                         {see_other("/"), 303},
                                                         {temporary_redirect("/"), 307},
                                                         {permanent_redirect("/"), 308}};
  for (const auto& [error, status] : errors) EXPECT_EQ(error.status(), status) << error.what();
}

TEST(HttpErrors, CarryTheFieldsThatTheirStatusNeeds) {
  EXPECT_EQ(field(unauthorized(R"(Basic realm="metrics")"), "WWW-Authenticate"), R"(Basic realm="metrics")");
  EXPECT_EQ(field(method_not_allowed("GET, HEAD"), "Allow"), "GET, HEAD");
  EXPECT_EQ(field(too_many_requests(30s), "Retry-After"), "30");
  EXPECT_EQ(field(service_unavailable(2min), "Retry-After"), "120");
  EXPECT_EQ(field(service_unavailable(-1s), "Retry-After"), "0");
  EXPECT_EQ(field(too_many_requests(), "Retry-After"), "none");
  EXPECT_EQ(field(see_other("/users?id=1#top"), "Location"), "/users?id=1#top");
}

TEST(HttpErrors, EncodeWhatNoUrlMayHave) {
  EXPECT_EQ(field(found("/caf\xc3\xa9 au lait%20"), "Location"), "/caf%C3%A9%20au%20lait%20");
}

TEST(HttpErrors, RefuseToBreakOutOfTheirField) {
  for (const std::string_view location :
       {"/\r\nSet-Cookie: a=b"sv, "/\n"sv, "/\r"sv, "/\0"sv, "/\t"sv, "/\x7f"sv, ""sv}) {
    EXPECT_THROW(found(location), std::invalid_argument) << location;
  }
  EXPECT_THROW(unauthorized("Basic\r\nX: y"), std::invalid_argument);
  EXPECT_THROW(method_not_allowed("GET\n"), std::invalid_argument);
}

Response answered(bool is_thrown) {
  if (is_thrown) throw conflict();
  return conflict().response();
}

TEST(HttpErrors, AreThrownOrReturned) {
  EXPECT_THROW(answered(true), HttpError);
  EXPECT_EQ(answered(false).status, 409);
}

struct User {
  std::string name;
  bool is_locked = false;
};

// The example of the header.
asio::awaitable<Response> show(const User* user) {
  if (!user) throw web::not_found();
  if (user->is_locked) throw web::forbidden("the account is locked");
  co_return web::see_other("/users/" + user->name).response();
}

TEST(HttpErrors, AreAsInTheHeader) {
  const User ada{"ada"};
  const User eve{"eve", true};
  EXPECT_EQ(get_now(show(&ada)).headers.get("Location"), "/users/ada");
  EXPECT_THROW(get_now(show(&eve)), HttpError);
  EXPECT_THROW(get_now(show(nullptr)), HttpError);
}

}  // namespace
}  // namespace prometheus_async::aio::web
