// SPDX-License-Identifier: Apache-2.0
// Input: a method, a space, a target.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"
#include "aio/http/target.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace http = aio::http;
using Form = http::Target::Form;

void check_path(const http::Target& target) {
  std::string decoded;
  require(http::percent_decode(target.raw_path(), decoded), "escapes are whole");
  require_equal(target.path(), decoded, "the path is decoded once");
  require(http::is_valid_utf8(target.path()), "the path is UTF-8");
  require(target.path().find('\0') == std::string_view::npos, "the path has no NUL");
  require(target.path().starts_with('/'), "the path begins with a slash");
  for (std::string_view rest = target.path(); !rest.empty();) {
    const std::string_view segment = take_until(rest, '/');
    require(segment != "." && segment != "..", "the path has no dot segments");
  }
  require(http::percent_decode(target.routing_path(), decoded) || target.raw_path() == target.routing_path(),
          "what routes are matched on has whole escapes");
  require_equal(decoded, target.path(), "what routes are matched on is the path");
  // A slash that came as an escape makes no segment.
  std::size_t slashes = 0;
  for (const char c : target.raw_path()) slashes += c == '/' ? 1 : 0;
  for (const char c : target.routing_path()) slashes -= c == '/' ? 1 : 0;
  require_equal(slashes, 0u, "what routes are matched on has the segments that came");
}

// Of what was taken.
void check(std::string_view method, std::string_view text, const http::Target& target) {
  require_equal(target.raw(), text, "the text is kept");
  for (const char c : text) {
    require(c > 0x20 && c < 0x7f && c != '#' && c != '\\' && c != '"', "a target is visible ASCII");
  }
  require_equal(target.form() == Form::kAuthority, method == "CONNECT", "the authority form is of CONNECT alone");
  switch (target.form()) {
    case Form::kAsterisk:
      require(method == "OPTIONS" && target.path() == "*", "the asterisk is of OPTIONS alone");
      return;
    case Form::kAuthority:
      require(http::is_valid_host(text), "an authority is a host");
      require(target.authority() == text && target.path() == text && target.query_string().empty(),
              "an authority is all of it");
      return;
    case Form::kAbsolute: {
      require(http::is_valid_host(target.authority()), "an authority is a host");
      const std::size_t scheme_size = text.find("://");
      require(http::ascii_iequals(text.substr(0, scheme_size), "http") ||
                  http::ascii_iequals(text.substr(0, scheme_size), "https"),
              "the scheme is known");
      require(text.substr(scheme_size + 3).starts_with(target.authority()), "the authority is behind the scheme");
      break;
    }
    case Form::kOrigin:
      require(target.authority().empty(), "the origin form has no authority");
      require(text == std::string(target.raw_path()) + (text.find('?') == std::string_view::npos ? "" : "?") +
                          std::string(target.query_string()),
              "the origin form is a path and a query");
      break;
  }
  check_path(target);
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace prometheus_async::fuzz;
  std::string_view text = as_text(data, size);
  const std::string_view method = take_until(text, ' ');
  http::Target target;
  const bool is_taken = target.assign(method, text).ok();
  if (is_taken) check(method, text, target);

  http::Target used;
  used.assign("GET", "http://b:1/%41%2f?c").IgnoreError();
  require_equal(used.assign(method, text).ok(), is_taken, "an object that was used takes the same");
  if (is_taken) {
    check(method, text, used);
    require(used.path() == target.path() && used.routing_path() == target.routing_path() &&
                used.authority() == target.authority() && used.query_string() == target.query_string(),
            "an object that was used has no more of that");
  }
  return 0;
}
