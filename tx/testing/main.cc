// SPDX-License-Identifier: Apache-2.0
//
// The main() of tests that use Deferreds: gtest_main's, with tx/testing/unhandled_failures.h switched on.

#include "gtest/gtest.h"

#include "tx/testing/unhandled_failures.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  prometheus_async::tx::testing::fail_tests_on_unhandled_failures();
  return RUN_ALL_TESTS();
}
