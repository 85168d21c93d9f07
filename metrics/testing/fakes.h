// SPDX-License-Identifier: Apache-2.0
//
// Metrics for tests of instrumented code: they satisfy the concepts of metrics/concepts.h and remember what was done to
// them. Where the test wants a page or a value with labels, a Registry of its own does as well.
//
//   metrics::testing::FakeHistogram seconds;
//   serve(request, seconds);
//   EXPECT_EQ(seconds.observations.size(), 1u);
#ifndef PROMETHEUS_ASYNC_METRICS_TESTING_FAKES_H_
#define PROMETHEUS_ASYNC_METRICS_TESTING_FAKES_H_

#include <string>
#include <vector>

// Threads: one at a time, all of them.
namespace prometheus_async::metrics::testing {

struct FakeHistogram {
  void Observe(double value) { observations.push_back(value); }
  std::vector<double> observations;  // in order
};

struct FakeCounter {
  void Increment() { ++value; }
  int value = 0;
};

struct FakeGauge {
  void Increment() {
    ++value;
    ++calls;
  }
  void Decrement() {
    --value;
    ++calls;
  }
  int value = 0;
  int calls = 0;
};

// All three, writing down the order of calls in a log that several share: "name.observe", "name.inc", "name.dec".
struct LoggingMetric {
  void Observe(double) { log.push_back(name + ".observe"); }
  void Increment() { log.push_back(name + ".inc"); }
  void Decrement() { log.push_back(name + ".dec"); }
  std::string name;
  std::vector<std::string>& log;
};

// Throws whatever it is asked to record.
struct BrokenMetric {
  void Observe(double) { throw 1; }
  void Increment() { throw 2; }
  void Decrement() { throw 3; }
};

}  // namespace prometheus_async::metrics::testing

#endif  // PROMETHEUS_ASYNC_METRICS_TESTING_FAKES_H_
