// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/http_get.h"

#include <utility>

#include <boost/asio/io_context.hpp>

#include "tests/testing/run.h"

namespace prometheus_async::testing {

sd::HttpResponse http_get(const std::string& url, std::vector<sd::HttpHeader> headers) {
  asio::io_context context;
  sd::HttpClient client(context.get_executor());
  try {
    return run(context, client.perform({.url = url, .headers = std::move(headers)}));
  } catch (const sd::HttpError& error) {
    return {.status = 0, .body = error.what()};
  }
}

}  // namespace prometheus_async::testing
