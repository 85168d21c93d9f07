// SPDX-License-Identifier: Apache-2.0
// Input: the bytes of one connection after the other, separated by ASCII's record separator.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/http/ascii.h"
#include "aio/http/request_parser.h"
#include "aio/http/target.h"
#include "tests/fuzz/beast.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace http = aio::http;
using Event = http::RequestParser::Event;

constexpr char kRecordSeparator = '\x1e';

constexpr std::size_t kMostBytesOneByOne = 128;  // which takes the square of their number

// So small that mutations of a short text come to them.
constexpr http::RequestLimits kSmallLimits{.request_line = 40,
                                           .header_block = 100,
                                           .field_line = 60,
                                           .fields = 4,
                                           .body = 12,
                                           .chunk_line = 17,  // of one digit too many and nothing else
                                           .trailer_block = 40,
                                           .trailer_fields = 2};

// A request that was read to its end.
struct Request {
  std::string_view text;  // with nothing before and after it
  std::string method;
  std::string target;
  int minor_version;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

// The rules that nothing accepted breaks, said once more in other words.
void check_head(const http::RequestHead& head, const http::RequestLimits& limits) {
  require(http::is_token(head.method), "a method is a token");
  require(head.minor_version == 0 || head.minor_version == 1, "the version is 1.0 or 1.1");
  require(head.headers.size() <= limits.fields, "no more fields than the limit");
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    require(http::is_token(head.headers[i].name), "the name of a field is a token");
    require(http::kValueChars.contains_all(head.headers[i].value), "a value has no control bytes");
    require_equal(http::trim_ows(head.headers[i].value), head.headers[i].value, "a value has no blanks around it");
  }
  const std::vector<std::string_view> hosts = head.headers.get_all("host");
  require(hosts.size() == 1 || (hosts.empty() && head.minor_version == 0), "exactly one Host");
  require(hosts.empty() || http::is_valid_host(hosts.front()), "the Host is a host");
  require(head.host().empty() || http::is_valid_host(head.host()), "the host asked is a host");
  const std::vector<std::string_view> codings = head.headers.get_all("transfer-encoding");
  const std::vector<std::string_view> lengths = head.headers.get_all("content-length");
  require(codings.size() + lengths.size() <= 1, "one field at most says where the body ends");
  require_equal(head.chunked, !codings.empty(), "chunked if a coding says so");
  require(!head.chunked || (head.minor_version == 1 && http::ascii_iequals(codings.front(), "chunked")),
          "the only coding is chunked, of HTTP/1.1");
  require_equal(std::to_string(head.content_length), lengths.empty() ? "0" : std::string(lengths.front()),
                "the length is a plain number");
  require(!head.expects_continue || head.chunked || head.content_length > 0, "who waits has a body to send");
}

// Reads the text as it comes in pieces that end at `ends`. What comes out, in words: the same for any pieces.
std::string read(std::string_view text, const std::vector<std::size_t>& ends, const http::RequestLimits& limits,
                 std::vector<Request>* requests = nullptr) {
  const std::size_t most_kept = 2 + std::max({limits.request_line, limits.field_line, limits.chunk_line});
  http::RequestParser parser(limits);
  std::string transcript;
  std::string body;
  std::size_t consumed = 0;
  std::size_t begin = 0;  // of the request
  for (const std::size_t end : ends) {
    for (bool waits = false; !waits;) {
      const std::string_view rest = text.substr(consumed, end - consumed);
      const http::RequestParser::Result result = parser.parse(rest);
      require(result.consumed <= rest.size(), "no more is consumed than there is");
      consumed += result.consumed;
      require_equal(result.event == Event::kBody, !result.body.empty(), "a piece of a body is not empty");
      switch (result.event) {
        case Event::kNeedMore:
          require(end - consumed <= most_kept, "no more is left than a line");
          require(!parser.is_complete(), "a request that is over waits for nothing");
          waits = true;
          break;
        case Event::kHead: {
          const http::RequestHead& head = parser.head();
          check_head(head, limits);
          transcript += head.method + ' ' + std::string(head.target.raw()) + " 1." + std::to_string(head.minor_version);
          for (std::size_t i = 0; i < head.headers.size(); ++i) {
            transcript.append("\n").append(head.headers[i].name).append("=").append(head.headers[i].value);
          }
          transcript += head.keep_alive ? "\nkeeps" : "\ncloses";
          transcript += head.expects_continue ? " waits\n" : "\n";
          break;
        }
        case Event::kBody:
          require(
              result.body.data() >= rest.data() && result.body.data() + result.body.size() <= rest.data() + rest.size(),
              "a piece of a body is part of what was given");
          body += result.body;
          require(body.size() <= limits.body, "no body above the limit");
          break;
        case Event::kComplete: {
          const http::RequestHead& head = parser.head();
          require(head.chunked || body.size() == head.content_length, "a body has the length that was said");
          if (requests != nullptr) {
            std::string_view whole = text.substr(begin, consumed - begin);
            if (whole.starts_with("\r\n")) whole.remove_prefix(2);
            Request request{whole, head.method, std::string(head.target.raw()), head.minor_version, {}, body};
            for (std::size_t i = 0; i < head.headers.size(); ++i) {
              request.fields.emplace_back(head.headers[i].name, head.headers[i].value);
            }
            requests->push_back(std::move(request));
          }
          transcript += body + "\nover\n";
          body.clear();
          begin = consumed;
          parser.reset();
          require(!parser.has_begun() && !parser.is_complete(), "a parser forgets the request before");
          break;
        }
        case Event::kError:
          require(parser.parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").event == Event::kError, "a refusal is for ever");
          return transcript + body + "\n" + std::to_string(parser.error().status.code()) + " " +
                 std::string(parser.error().reason);
      }
    }
  }
  return transcript + body + (parser.has_begun() ? "..." : "");
}

void check_pieces(std::string_view text, const http::RequestLimits& limits, const std::string& expected) {
  std::vector<std::size_t> ends;
  std::minstd_rand random(static_cast<unsigned>(text.size() + 1));
  for (std::size_t end = random() % 16; end < text.size(); end += 1 + random() % 32) ends.push_back(end);
  ends.push_back(text.size());
  require_equal(read(text, ends, limits), expected, "in pieces is as at once");
  if (text.size() > kMostBytesOneByOne) return;
  ends.clear();
  for (std::size_t end = 1; end <= text.size(); ++end) ends.push_back(end);
  require_equal(read(text, ends, limits), expected, "byte by byte is as at once");
}

// Beast checks these as lists of tokens, in trailers too; here what is no such list says nothing.
bool has_field_that_beast_reads_as_list(std::string_view text) {
  const auto has = [&](std::string_view name) {
    return std::search(text.begin(), text.end(), name.begin(), name.end(),
                       [](char a, char b) { return http::ascii_lower(a) == b; }) != text.end();
  };
  return has("connection:") || has("upgrade:");
}

// By their names, without case; those of a name in their order.
using FieldsByName = std::multimap<std::string, std::pair<std::string, std::string>>;

FieldsByName by_name(const std::vector<std::pair<std::string, std::string>>& fields) {
  FieldsByName sorted;
  for (const auto& field : fields) {
    std::string name = field.first;
    std::transform(name.begin(), name.end(), name.begin(), http::ascii_lower);
    sorted.emplace(std::move(name), field);
  }
  return sorted;
}

void check_against_beast(const Request& request) {
  const BeastMessage other = read_request_with_beast(request.text);
  if (other.error == "bad value" && has_field_that_beast_reads_as_list(request.text)) return;
  require_equal(other.error, "", "what is accepted Beast accepts");
  require_equal(other.method, request.method, "Beast reads the same method");
  require_equal(other.target, request.target, "Beast reads the same target");
  require_equal(other.version, 10u + static_cast<unsigned>(request.minor_version), "Beast reads the same version");
  require_equal(other.body, request.body, "Beast reads the same body");
  require(by_name(other.fields) == by_name(request.fields), "Beast reads the same fields");
}

void check_connection(std::string_view text) {
  std::vector<Request> requests;
  check_pieces(text, {}, read(text, {text.size()}, {}, &requests));
  check_pieces(text, kSmallLimits, read(text, {text.size()}, kSmallLimits));
  for (const Request& request : requests) check_against_beast(request);
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view connections = prometheus_async::fuzz::as_text(data, size);
  while (!connections.empty()) {
    prometheus_async::fuzz::check_connection(
        prometheus_async::fuzz::take_until(connections, prometheus_async::fuzz::kRecordSeparator));
  }
  return 0;
}
