// SPDX-License-Identifier: Apache-2.0

#include "tx/web/access_log.h"

#include <string_view>

#include "aio/http/ascii.h"
#include "aio/http/date.h"

namespace prometheus_async::tx::web {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (http::is_control(c) || c == '"' || c == '\\' || byte >= 0x80) {
      out += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
    } else {
      out += c;
    }
  }
}

// "22/Nov/2026:05:06:07 +0000", out of "Sun, 22 Nov 2026 05:06:07 GMT".
std::string format_time(std::chrono::sys_seconds time) {
  const std::string date = http::format_http_date(time);
  return date.substr(5, 2) + "/" + date.substr(8, 3) + "/" + date.substr(12, 4) + ":" + date.substr(17, 8) + " +0000";
}

}  // namespace

std::string AccessLogFormat::line(const Request& request, http::Status status, std::uint64_t sent_bytes,
                                  std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_) {
    second_ = second;
    time_ = format_time(second);
  }
  std::string out = request.client_address().host.empty() ? "-" : request.client_address().host;
  out.append(" - - [").append(time_).append("] \"");
  append_escaped(out, request.method());
  out += ' ';
  append_escaped(out, request.uri());
  out.append(" HTTP/1.").append(std::to_string(request.minor_version())).append("\" ");
  out.append(std::to_string(status.code())).append(" ");
  out.append(sent_bytes == 0 ? "-" : std::to_string(sent_bytes));
  for (const std::string_view name : {"Referer", "User-Agent"}) {
    out.append(" \"");
    append_escaped(out, request.get_header(name).value_or("-"));
    out += '"';
  }
  return out;
}

}  // namespace prometheus_async::tx::web
