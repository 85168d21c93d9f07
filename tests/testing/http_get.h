// SPDX-License-Identifier: Apache-2.0
//
// One GET request, waited for: how a test talks to a program that it has started.
//
//     EXPECT_EQ(testing::http_get(url + "metrics").status, 200);
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_HTTP_GET_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_HTTP_GET_H_

#include <string>
#include <vector>

#include "sd/http_client.h"

namespace prometheus_async::testing {

// The answer, or status 0 and the reason as body where there is none.
sd::HttpResponse http_get(const std::string& url, std::vector<sd::HttpHeader> headers = {});

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_HTTP_GET_H_
