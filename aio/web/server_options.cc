// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_options.h"

#include <cstdio>
#include <string>

namespace prometheus_async::aio::web {

void log_to_stderr(std::string_view line) {
  const std::string text = "prometheus_async: " + std::string(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace prometheus_async::aio::web
