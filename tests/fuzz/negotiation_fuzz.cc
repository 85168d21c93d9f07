// SPDX-License-Identifier: Apache-2.0
// Input: the value of Accept, or of Accept-Encoding.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aio/http/ascii.h"
#include "exposition/compression.h"
#include "exposition/format.h"
#include "exposition/negotiation.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

using namespace exposition;

bool mentions(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return aio::http::ascii_lower(a) == b; }) != text.end();
}

Format without_escaping(Format format) {
  format.escaping = {};
  return format;
}

void check_format(std::string_view accept) {
  const Format format = negotiate_format(accept);
  const Format plain = without_escaping(format);
  require(plain == without_escaping(kText_0_0_4) || plain == without_escaping(kText_1_0_0) ||
              plain == without_escaping(kOpenMetrics_0_0_1) || plain == without_escaping(kOpenMetrics_1_0_0) ||
              plain == without_escaping(kProtobuf),
          "the format is one of those written");
  require(effective_escaping(format) == format.escaping, "the format has a choice of escapings, or the default");
  require(negotiate_format(content_type(format)) == format, "who asks for a content type is given it");
  const bool has_wildcard = accept.find('*') != std::string_view::npos;
  if (format.syntax == Syntax::kProtobuf) {
    require(mentions(accept, "application/vnd.google.protobuf"), "protobuf is named");
  } else if (format.syntax == Syntax::kOpenMetrics) {
    require(has_wildcard || mentions(accept, "application/openmetrics-text"), "OpenMetrics is named or met");
  } else if (format.version == Version::k1_0_0) {
    require(mentions(accept, "text/plain") && mentions(accept, "1.0.0"), "text 1.0.0 is named");
  }
}

void check_encoding(std::string_view accept_encoding) {
  const Encoding encoding = negotiate_encoding(accept_encoding);
  if (encoding == Encoding::kIdentity) return;
  require(mentions(accept_encoding, to_string(encoding)) || accept_encoding.find('*') != std::string_view::npos,
          "a coding is named or met");
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = prometheus_async::fuzz::as_text(data, size);
  prometheus_async::fuzz::check_format(text);
  prometheus_async::fuzz::check_encoding(text);
  return 0;
}
