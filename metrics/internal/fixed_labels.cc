// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/fixed_labels.h"

#include <string>

#include "metrics/internal/sample_names.h"

namespace prometheus_async::metrics::internal {

Labels fixed_labels(const FamilyInfo& info, std::vector<Labels::Pair> pairs) {
  std::vector<std::string> names;
  for (const auto& [name, value] : pairs) names.push_back(name);
  check_labels(info, names);
  std::erase_if(pairs, [](const Labels::Pair& pair) { return pair.second.empty(); });
  return Labels(pairs);
}

}  // namespace prometheus_async::metrics::internal
