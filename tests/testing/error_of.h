// SPDX-License-Identifier: Apache-2.0
//
// The words of the exception that a function throws.
//
//   EXPECT_THAT(testing::error_of<std::invalid_argument>([&] { registry.gauge("", "x"); }), HasSubstr("name"));
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_ERROR_OF_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_ERROR_OF_H_

#include <string>

namespace prometheus_async::testing {

template <class Error, class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_ERROR_OF_H_
