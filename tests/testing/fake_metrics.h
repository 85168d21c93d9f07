// SPDX-License-Identifier: Apache-2.0
//
// Metrics that remember what was done to them, in order.
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_METRICS_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_METRICS_H_

#include <string>
#include <vector>

namespace prometheus_async::testing {

struct FakeHistogram {
  void Observe(double value) { observations.push_back(value); }
  std::vector<double> observations;
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

// All three, writing down the order of calls in a log that several share.
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

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_METRICS_H_
