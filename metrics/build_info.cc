// SPDX-License-Identifier: Apache-2.0
#include "metrics/build_info.h"

#include <iterator>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"

namespace prometheus_async::metrics {

std::string compiler() {
#if defined(__clang__)
  return absl::StrCat("clang++ ", __clang_major__, ".", __clang_minor__, ".", __clang_patchlevel__);
#elif defined(__GNUC__)
  return absl::StrCat("g++ ", __GNUC__, ".", __GNUC_MINOR__, ".", __GNUC_PATCHLEVEL__);
#else
  return {};
#endif
}

std::string standard() {
  // Compilers give a draft of a standard a number between those of the one before and the final one.
  if (__cplusplus > 202302L) return "c++26";
  return __cplusplus > 202002L ? "c++23" : "c++20";
}

std::shared_ptr<const Info> build_info(std::string_view application, BuildInfo build) {
  if (application.empty()) throw std::invalid_argument("build_info: the application must have a name");
  std::vector<Labels::Pair> labels{{"version", std::move(build.version)},
                                   {"revision", std::move(build.revision)},
                                   {"branch", std::move(build.branch)},
                                   {"compiler", std::move(build.compiler)},
                                   {"standard", std::move(build.standard)}};
  labels.insert(labels.end(), std::make_move_iterator(build.more.begin()), std::make_move_iterator(build.more.end()));
  return std::make_shared<const Info>(absl::StrCat(std::string(application), "_build_info"),
                                      "Which build of the program runs.", std::move(labels));
}

}  // namespace prometheus_async::metrics
