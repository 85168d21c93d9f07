// SPDX-License-Identifier: Apache-2.0
//
// An answer as the clients of tests have it.
//
//   const ClientResponse page = client.get("/");
//   EXPECT_EQ(page.headers.get("content-type"), "text/plain; charset=utf-8");
#ifndef PROMETHEUS_ASYNC_AIO_WEB_TESTING_CLIENT_RESPONSE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_TESTING_CLIENT_RESPONSE_H_

#include <string>

#include "aio/http/headers.h"

namespace prometheus_async::aio::web::testing {

struct ClientResponse {
  int status = 0;
  http::Headers headers = {};
  std::string body = {};
};

}  // namespace prometheus_async::aio::web::testing

#endif  // PROMETHEUS_ASYNC_AIO_WEB_TESTING_CLIENT_RESPONSE_H_
