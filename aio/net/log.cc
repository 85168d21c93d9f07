// SPDX-License-Identifier: Apache-2.0

#include "aio/net/log.h"

#include <cstdio>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::net {

void log_to_stderr(std::string_view line) {
  const std::string text = "prometheus_async: " + std::string(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string escape_for_log(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (!http::is_control(c)) {
      out += c;
      continue;
    }
    const unsigned char byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
  }
  return out;
}

}  // namespace prometheus_async::aio::net
