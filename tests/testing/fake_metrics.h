// SPDX-License-Identifier: Apache-2.0
//
// The public fakes, where the tests of this project look for theirs.
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_METRICS_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_METRICS_H_

#include "metrics/testing/fakes.h"

namespace prometheus_async::testing {

using metrics::testing::BrokenMetric;
using metrics::testing::FakeCounter;
using metrics::testing::FakeGauge;
using metrics::testing::FakeHistogram;
using metrics::testing::LoggingMetric;

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_METRICS_H_
