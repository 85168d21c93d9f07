// SPDX-License-Identifier: Apache-2.0
//
// Which build of a program runs, as the metric `<application>_build_info` that dashboards join with.
//
//   metrics::default_registry().add(
//       metrics::build_info("shop", {.version = "1.4.2", .revision = "3fa1c09", .branch = "main"}));
//
//   shop_build_info{version="1.4.2",revision="3fa1c09",branch="main",compiler="g++ 12.2.0",standard="c++20"} 1
//
// No registry has it unless it is added.
#ifndef PROMETHEUS_ASYNC_METRICS_BUILD_INFO_H_
#define PROMETHEUS_ASYNC_METRICS_BUILD_INFO_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/info.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {

// The compiler that built this library: "g++ 12.2.0", "clang++ 19.1.4".
std::string compiler();

// The language standard that it was built for: "c++20", "c++23".
std::string standard();

// The labels, as Prometheus' own programs have them. One that is empty is left out.
struct BuildInfo {
  std::string version = {};
  std::string revision = {};
  std::string branch = {};
  std::string compiler = metrics::compiler();
  std::string standard = metrics::standard();
  std::vector<Labels::Pair> more = {};  // further ones
};

// Throws std::invalid_argument as Info does; for an empty application too.
std::shared_ptr<const Info> build_info(std::string_view application, BuildInfo build);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_BUILD_INFO_H_
