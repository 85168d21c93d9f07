// SPDX-License-Identifier: Apache-2.0

#include "aio/net/log.h"

#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

TEST(Log, ReadsAsInTheHeader) {
  std::string got;
  const Log log = [&](std::string_view line) { got = line; };
  const std::string what = "the secret\nof\tthe handler\x7f";
  log("GET /: " + escape_for_log(what));
  EXPECT_EQ(got, "GET /: the secret\\x0aof\\x09the handler\\x7f");
}

TEST(Log, GoesToStderrByDefault) {
  ::testing::internal::CaptureStderr();
  log_to_stderr("something happened");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "prometheus_async: something happened\n");
}

}  // namespace
}  // namespace prometheus_async::aio::net
