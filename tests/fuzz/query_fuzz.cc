// SPDX-License-Identifier: Apache-2.0
// Input: a query, which is a text with escapes as well.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"
#include "aio/http/query.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace http = aio::http;

std::string escaped(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

void check_query(std::string_view text) {
  const http::Query query = http::parse_query(text);
  const auto separators = static_cast<std::size_t>(std::count(text.begin(), text.end(), '&'));
  require(query.size() <= separators + 1, "no more items than there are pieces");
  std::string written;
  for (const auto& [name, value] : query) {
    require(query.contains(name), "each item is found");
    require(query.get(name) == query.get_all(name).front(), "the first item of a name is the first of all");
    written += (written.empty() ? "" : "&") + escaped(name) + "=" + escaped(value);
  }
  const http::Query again = http::parse_query(written);
  require(std::equal(query.begin(), query.end(), again.begin(), again.end()), "what was read is read again");
}

void check_escapes(std::string_view text) {
  std::string decoded;
  require(http::percent_decode(escaped(text), decoded), "every byte has an escape");
  require_equal(decoded, text, "an escape stands for its byte");
  if (!http::percent_decode(text, decoded)) return;
  std::string kept;
  std::string twice;
  require(http::percent_decode_except(text, "/%", kept), "what is decoded is decoded but for some");
  require(http::percent_decode(kept, twice), "what was kept are escapes");
  require_equal(twice, decoded, "escapes that were kept are decoded later");
  require_equal(std::count(kept.begin(), kept.end(), '/'), std::count(text.begin(), text.end(), '/'),
                "an escape that was kept is no byte");
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = prometheus_async::fuzz::as_text(data, size);
  prometheus_async::fuzz::check_query(text);
  prometheus_async::fuzz::check_escapes(text);
  return 0;
}
