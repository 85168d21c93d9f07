// SPDX-License-Identifier: Apache-2.0
// Input: records separated by ASCII's record separator. The first is "STATUS LENGTH FLAGS", of the flags c (chunked), d
// (with a date), x (closes), 0 (for HTTP/1.0); each other one is a field, name and value separated by ASCII's unit
// separator.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/http/ascii.h"
#include "aio/http/headers.h"
#include "aio/http/response_head.h"
#include "tests/fuzz/beast.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace http = aio::http;

constexpr char kRecordSeparator = '\x1e';
constexpr char kUnitSeparator = '\x1f';
constexpr std::string_view kBefore = "what was there before";

using Fields = std::vector<std::pair<std::string, std::string>>;

template <class Integer>
std::optional<Integer> number_of(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

http::ResponseFraming framing_of(std::string_view length, std::string_view flags) {
  const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
  http::ResponseFraming framing{.content_length = number_of<std::uint64_t>(length)};
  framing.chunked = has('c') && !framing.content_length;
  framing.keep_alive = !has('x');
  framing.is_http10 = has('0');
  if (has('d')) framing.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  return framing;
}

bool belongs_to_framing(std::string_view name) {
  for (const char* own : {"connection", "content-length", "date", "transfer-encoding"}) {
    if (http::ascii_iequals(name, own)) return true;
  }
  return false;
}

// Of a head that was written, cut at CR LF and at the first colon of a line.
Fields fields_of(std::string_view head) {
  Fields fields;
  require(head.ends_with("\r\n\r\n"), "a head ends with an empty line");
  head.remove_suffix(2);
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    require(line.find('\r') == std::string_view::npos && line.find('\n') == std::string_view::npos,
            "no line has a line end in it");
    const std::size_t colon = line.find(": ");
    require(colon != std::string_view::npos, "no line but the last is empty or no field");
    fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    head.remove_prefix(line.size() + 2);
  }
  return fields;
}

void check_against_beast(std::string_view head, http::Status status, const Fields& fields) {
  const BeastMessage other = read_response_head_with_beast(head);
  // Beast checks some fields as lists of tokens.
  for (const auto& [name, value] : fields) {
    if (http::ascii_iequals(name, "Proxy-Connection") || http::ascii_iequals(name, "Upgrade")) return;
  }
  require_equal(other.error, "", "what is written Beast reads");
  require_equal(other.status, static_cast<unsigned>(status.code()), "Beast reads the same status");
  require_equal(other.reason, status.reason(), "Beast reads the same reason");
  require_equal(other.fields.size(), fields.size(), "Beast reads as many fields");
}

void check_head(http::Status status, const http::Headers& headers, const http::ResponseFraming& framing) {
  Fields expected;
  bool is_writable = true;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    is_writable = is_writable && http::is_token(name) && http::kValueChars.contains_all(value);
    if (!belongs_to_framing(name)) expected.emplace_back(name, value);
  }
  std::string out(kBefore);
  try {
    http::append_response_head(out, status, headers, framing);
    require(is_writable, "what cannot be a field is refused");
  } catch (const std::invalid_argument&) {
    require(!is_writable, "what can be a field is written");
    require_equal(out, kBefore, "nothing is written of a head that is refused");
    return;
  }
  require(out.starts_with(kBefore), "what was there stays");
  const std::string_view head = std::string_view(out).substr(kBefore.size());
  require_equal(head.substr(0, head.find("\r\n")),
                "HTTP/1.1 " + std::to_string(status.code()) + " " + std::string(status.reason()),
                "a head begins with the status");

  if (framing.content_length && !status.is_bodiless()) {
    expected.emplace_back("Content-Length", std::to_string(*framing.content_length));
  }
  if (framing.chunked && !status.is_bodiless()) expected.emplace_back("Transfer-Encoding", "chunked");
  if (!framing.date.empty()) expected.emplace_back("Date", framing.date);
  if (!framing.keep_alive) {
    expected.emplace_back("Connection", "close");
  } else if (framing.is_http10) {
    expected.emplace_back("Connection", "keep-alive");
  }
  require(fields_of(head) == expected, "the fields are those given, and those of the framing");
  check_against_beast(head, status, expected);
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace prometheus_async::fuzz;
  std::string_view input = as_text(data, size);
  std::string_view first = take_until(input, kRecordSeparator);
  const int code = number_of<int>(take_until(first, ' ')).value_or(200);
  const std::string_view length = take_until(first, ' ');
  http::Headers headers;
  while (!input.empty()) {
    std::string_view value = take_until(input, kRecordSeparator);
    const std::string_view name = take_until(value, kUnitSeparator);
    headers.add(name, value);
  }
  check_head(code >= 100 && code <= 999 ? code : 200, headers, framing_of(length, first));
  return 0;
}
