// SPDX-License-Identifier: Apache-2.0
#include "metrics/exemplar.h"

#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/counter.h"
#include "metrics/exemplar_provider.h"
#include "metrics/histogram.h"
#include "tests/testing/error_of.h"

namespace prometheus_async::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto refusal = [](auto function) { return testing::error_of<std::invalid_argument>(function); };

TEST(Exemplar, HoldsUpTo128CharactersOfAnyLength) {
  const std::string e_acute = "\xc3\xa9";
  std::string text;
  for (int i = 0; i < 120; ++i) text += e_acute;
  EXPECT_EQ(exemplar({{"trace_id", text}}).labels().pairs()[0].second, text);
  EXPECT_THAT(refusal([&] { exemplar({{"trace_id", text + "x"}}); }),
              HasSubstr("names and values are 129 characters together, at most 128 are allowed"));
  EXPECT_THAT(refusal([&] { exemplar({{"a", std::string(100, 'x')}, {"b", std::string(27, 'x')}}); }),
              HasSubstr("129 characters"));
}

TEST(Exemplar, RefusesBadNames) {
  EXPECT_THAT(refusal([] { exemplar({{"trace-id", "x"}}); }),
              HasSubstr("exemplar label \"trace-id\" must be letters, digits and _"));
  EXPECT_THAT(refusal([] { exemplar({{"a", "x"}, {"a", "y"}}); }), HasSubstr("exemplar label \"a\" comes twice"));
  EXPECT_EQ(exemplar({}).labels().text(), "");
}

TEST(Exemplar, ACounterKeepsItsLatest) {
  Counter counter;
  EXPECT_EQ(counter.snapshot().exemplar, nullptr);
  counter.Increment(2, exemplar({{"trace_id", "a"}}));
  counter.Increment(3, exemplar({{"trace_id", "b"}}));
  counter.Increment(4);
  const auto kept = counter.snapshot().exemplar;
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->labels.text(), "trace_id=\"b\"");
  EXPECT_EQ(kept->value, 3);
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(kept->timestamp, now.count());
  EXPECT_GT(kept->timestamp, now.count() - 3600);
  EXPECT_EQ(counter.Value(), 9);
}

TEST(Exemplar, AHistogramKeepsTheLatestOfEachBucket) {
  Histogram histogram({1, 2});
  histogram.Observe(0.5, exemplar({{"n", "1"}}));
  histogram.Observe(0.7, exemplar({{"n", "2"}}));
  histogram.Observe(9, exemplar({{"n", "3"}}));
  histogram.Observe(1.5);
  const HistogramSnapshot snapshot = histogram.snapshot();
  ASSERT_EQ(snapshot.exemplars.size(), 2u);
  EXPECT_EQ(snapshot.exemplars[0].first, 0u);
  EXPECT_EQ(snapshot.exemplars[0].second->labels.text(), "n=\"2\"");
  EXPECT_EQ(snapshot.exemplars[0].second->value, 0.7);
  EXPECT_EQ(snapshot.exemplars[1].first, 2u);
  EXPECT_EQ(snapshot.count(), 4u);
}

TEST(Exemplar, OfARefusedValueIsNotKept) {
  Counter counter;
  counter.Increment(-1, exemplar({{"n", "1"}}));
  EXPECT_EQ(counter.snapshot().exemplar, nullptr);
  Histogram histogram({1});
  histogram.Observe(std::numeric_limits<double>::quiet_NaN(), exemplar({{"n", "1"}}));
  EXPECT_THAT(histogram.snapshot().exemplars, IsEmpty());
}

TEST(ExemplarProvider, IsAskedAtEachRecordingThatBringsNone) {
  Counter counter;
  Histogram histogram({1});
  int asked = 0;
  bool is_sampled = true;
  set_exemplar_provider([&]() -> std::optional<Exemplar> {
    ++asked;
    if (!is_sampled) return std::nullopt;
    return exemplar({{"trace_id", std::to_string(asked)}});
  });
  counter.Increment();
  EXPECT_EQ(counter.snapshot().exemplar->labels.text(), "trace_id=\"1\"");
  counter.Increment(7);
  EXPECT_EQ(counter.snapshot().exemplar->value, 7);
  histogram.Observe(5);
  EXPECT_EQ(histogram.snapshot().exemplars.at(0).second->labels.text(), "trace_id=\"3\"");
  is_sampled = false;
  histogram.Observe(6);
  EXPECT_EQ(histogram.snapshot().exemplars.at(0).second->value, 5);
  histogram.Observe(7, exemplar({{"trace_id", "mine"}}));
  EXPECT_EQ(asked, 4);

  set_exemplar_provider([]() -> std::optional<Exemplar> { throw std::runtime_error("no tracer"); });
  counter.Increment();
  EXPECT_EQ(counter.Value(), 9);
  set_exemplar_provider(nullptr);
  counter.Increment();
  EXPECT_EQ(asked, 4);
}

TEST(Exemplar, MayBeKeptByManyThreadsAndReadMeanwhile) {
  Histogram histogram({1, 2});
  std::atomic<int> running = 2;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) histogram.Observe(i % 3 + 0.5, exemplar({{"n", std::to_string(i % 3 + 0.5)}}));
      --running;
    });
  }
  while (running > 0) {
    for (const auto& [bucket, sample] : histogram.snapshot().exemplars) {
      ASSERT_EQ(sample->labels.text(), "n=\"" + std::to_string(sample->value) + "\"");
      ASSERT_EQ(sample->value, static_cast<double>(bucket) + 0.5);
    }
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(histogram.snapshot().count(), 4000u);
}

}  // namespace
}  // namespace prometheus_async::metrics
