// SPDX-License-Identifier: Apache-2.0

#include "aio/http/status.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace prometheus_async::aio::http {
namespace {

constexpr std::string_view kBeforeCode = "HTTP/1.1 ";
constexpr std::string_view kBeforeReason = "HTTP/1.1 200 ";

// IANA's registry of 2025.
constexpr std::string_view kLines[] = {
    "HTTP/1.1 100 Continue\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 103 Early Hints\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 201 Created\r\n",
    "HTTP/1.1 202 Accepted\r\n",
    "HTTP/1.1 203 Non-Authoritative Information\r\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/1.1 205 Reset Content\r\n",
    "HTTP/1.1 206 Partial Content\r\n",
    "HTTP/1.1 300 Multiple Choices\r\n",
    "HTTP/1.1 301 Moved Permanently\r\n",
    "HTTP/1.1 302 Found\r\n",
    "HTTP/1.1 303 See Other\r\n",
    "HTTP/1.1 304 Not Modified\r\n",
    "HTTP/1.1 307 Temporary Redirect\r\n",
    "HTTP/1.1 308 Permanent Redirect\r\n",
    "HTTP/1.1 400 Bad Request\r\n",
    "HTTP/1.1 401 Unauthorized\r\n",
    "HTTP/1.1 402 Payment Required\r\n",
    "HTTP/1.1 403 Forbidden\r\n",
    "HTTP/1.1 404 Not Found\r\n",
    "HTTP/1.1 405 Method Not Allowed\r\n",
    "HTTP/1.1 406 Not Acceptable\r\n",
    "HTTP/1.1 407 Proxy Authentication Required\r\n",
    "HTTP/1.1 408 Request Timeout\r\n",
    "HTTP/1.1 409 Conflict\r\n",
    "HTTP/1.1 410 Gone\r\n",
    "HTTP/1.1 411 Length Required\r\n",
    "HTTP/1.1 412 Precondition Failed\r\n",
    "HTTP/1.1 413 Content Too Large\r\n",
    "HTTP/1.1 414 URI Too Long\r\n",
    "HTTP/1.1 415 Unsupported Media Type\r\n",
    "HTTP/1.1 416 Range Not Satisfiable\r\n",
    "HTTP/1.1 417 Expectation Failed\r\n",
    "HTTP/1.1 421 Misdirected Request\r\n",
    "HTTP/1.1 422 Unprocessable Content\r\n",
    "HTTP/1.1 425 Too Early\r\n",
    "HTTP/1.1 426 Upgrade Required\r\n",
    "HTTP/1.1 428 Precondition Required\r\n",
    "HTTP/1.1 429 Too Many Requests\r\n",
    "HTTP/1.1 431 Request Header Fields Too Large\r\n",
    "HTTP/1.1 451 Unavailable For Legal Reasons\r\n",
    "HTTP/1.1 500 Internal Server Error\r\n",
    "HTTP/1.1 501 Not Implemented\r\n",
    "HTTP/1.1 502 Bad Gateway\r\n",
    "HTTP/1.1 503 Service Unavailable\r\n",
    "HTTP/1.1 504 Gateway Timeout\r\n",
    "HTTP/1.1 505 HTTP Version Not Supported\r\n",
    "HTTP/1.1 511 Network Authentication Required\r\n",
};

constexpr int kFirstCode = 100;
constexpr int kLastCode = 511;

// By code: the place in kLines, and one; 0 for a code that has none.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, kLastCode - kFirstCode + 1> places{};
  for (std::size_t i = 0; i < std::size(kLines); ++i) {
    const char* const digits = kLines[i].data() + kBeforeCode.size();
    const int code = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    places[static_cast<std::size_t>(code - kFirstCode)] = static_cast<std::uint8_t>(i + 1);
  }
  return places;
}();

}  // namespace

std::string_view Status::line() const {
  if (code_ > kLastCode) return {};
  const std::size_t place = kPlaces[static_cast<std::size_t>(code_ - kFirstCode)];
  return place > 0 ? kLines[place - 1] : std::string_view();
}

std::string_view Status::reason() const {
  const std::string_view known = line();
  if (known.empty()) return "Unknown";
  return known.substr(kBeforeReason.size(), known.size() - kBeforeReason.size() - 2);
}

}  // namespace prometheus_async::aio::http
