// SPDX-License-Identifier: Apache-2.0
#include "exposition/scrape_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

namespace prometheus_async::exposition {
namespace {

// -1 if it is none.
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

std::vector<std::string> requested_names(std::string_view query) {
  std::vector<std::string> names;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (decode(pair.substr(0, equals)) != "name[]") continue;
    names.push_back(decode(pair.substr(std::min(pair.size(), equals + 1))));
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::optional<std::chrono::nanoseconds> requested_timeout(std::string_view seconds) {
  constexpr double kDay = 24 * 3600;
  double given = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), given);
  if (error != std::errc() || end != seconds.data() + seconds.size() || !std::isfinite(given) || given <= 0) return {};
  given = std::min(given, kDay);
  const std::chrono::duration<double> kept(given - std::min(given / 10, 0.5));
  return std::chrono::duration_cast<std::chrono::nanoseconds>(kept);
}

}  // namespace prometheus_async::exposition
