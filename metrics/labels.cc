// SPDX-License-Identifier: Apache-2.0
#include "metrics/labels.h"

#include "metrics/utf8.h"

namespace prometheus_async::metrics {

Labels::Labels(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {
  for (auto& [name, value] : pairs_) {
    make_utf8(value);
    if (!text_.empty()) text_ += ',';
    text_ += name;
    text_ += "=\"";
    for (const char c : value) {
      switch (c) {
        case '\\': text_ += "\\\\"; break;
        case '"': text_ += "\\\""; break;
        case '\n': text_ += "\\n"; break;
        default: text_ += c;
      }
    }
    text_ += '"';
  }
}

}  // namespace prometheus_async::metrics
