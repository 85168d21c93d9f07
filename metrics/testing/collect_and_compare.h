// SPDX-License-Identifier: Apache-2.0
//
// A registry against the page that a test expects of it, with the difference in words.
//
//   EXPECT_TRUE(metrics::testing::collect_and_compare(registry, R"(
//       # TYPE cards_declined_total counter
//       cards_declined_total{reason="limit"} 2
//       cards_declined_total{reason="stolen"} 0
//   )", {"cards_declined_total"}));
#ifndef PROMETHEUS_ASYNC_METRICS_TESTING_COLLECT_AND_COMPARE_H_
#define PROMETHEUS_ASYNC_METRICS_TESTING_COLLECT_AND_COMPARE_H_

#include <initializer_list>
#include <string_view>

#include "gtest/gtest.h"

#include "metrics/registry.h"

namespace prometheus_async::metrics::testing {

// Success if the registry, or of it the families that `names` holds, has exactly the samples of `expected`, which is
// written in Prometheus' text format. A failure lists what differs: `-` what is expected and not there, `+` what is
// there and not expected.
//
// Without meaning are the order of families, samples and labels, indentation, blank lines, and how a number is written
// ("1", "1.0", "1e0"; as `le` and `quantile` too). HELP and TYPE are compared for the families for which `expected` has
// them. NaN equals NaN. Names that are not classic are written in quotes, as in {"http.requests",path="/"} 1.
//
// A name is a family's as text 0.0.4 has it (a counter's ends in _total). An expectation that is no text format is a
// failure that names the line; so is a registry that cannot be collected.
// Semantics: CollectAndCompare of client_golang's testutil, except that comments may be left out.
::testing::AssertionResult collect_and_compare(const Registry& registry, std::string_view expected,
                                               std::initializer_list<std::string_view> names = {});

}  // namespace prometheus_async::metrics::testing

#endif  // PROMETHEUS_ASYNC_METRICS_TESTING_COLLECT_AND_COMPARE_H_
