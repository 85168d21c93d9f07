// SPDX-License-Identifier: Apache-2.0
#include "metrics/summary.h"

#include <atomic>
#include <limits>
#include <thread>

#include "gtest/gtest.h"

#include "metrics/concepts.h"
#include "metrics/refused.h"
#include "metrics/registry.h"

namespace prometheus_async::metrics {
namespace {

static_assert(Observer<Summary>);

TEST(Summary, CountsAndAddsUp) {
  Registry registry;
  auto& bytes = registry.summary("reply_bytes", "size of replies");
  bytes.Observe(512);
  bytes.Observe(-12);
  EXPECT_EQ(registry.get_sample_value("reply_bytes_sum"), 500);
  EXPECT_EQ(registry.get_sample_value("reply_bytes_count"), 2);
  EXPECT_TRUE(bytes.snapshot().quantiles.empty());
  EXPECT_GT(bytes.snapshot().created, 0);
}

TEST(Summary, RefusesNaN) {
  Summary summary;
  const auto before = refused_values();
  summary.Observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(summary.snapshot().count, 0u);
  EXPECT_EQ(refused_values() - before, 1u);
}

TEST(Summary, CountAndSumBelongTogetherWhileOthersRecord) {
  Summary summary;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 50'000; ++i) summary.Observe(3);
    done = true;
  });
  while (!done) {
    const SummarySnapshot snapshot = summary.snapshot();
    ASSERT_EQ(snapshot.sum, 3 * static_cast<double>(snapshot.count));
  }
  writer.join();
  EXPECT_EQ(summary.snapshot().count, 50'000u);
}

}  // namespace
}  // namespace prometheus_async::metrics
