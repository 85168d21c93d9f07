// SPDX-License-Identifier: Apache-2.0

#include "aio/web/access_log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <limits>
#include <stdexcept>
#include <utility>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::web {
namespace {

constexpr std::size_t kMostKept = 16 * 1024;  // bytes of a thread's buffer; a longer line's memory is given back

constexpr http::ByteSet kPlain =
    http::ByteSet::where([](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });

[[noreturn]] void reject(std::string_view what, std::string_view rule) {
  throw std::invalid_argument("access log: \"" + std::string(what) + "\": " + std::string(rule));
}

bool is_secret(std::string_view field) {
  constexpr std::array<std::string_view, 4> kSecrets{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"};
  return std::any_of(kSecrets.begin(), kSecrets.end(),
                     [&](std::string_view secret) { return http::ascii_iequals(secret, field); });
}

void append_escaped(std::string& line, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  while (!text.empty()) {
    const std::size_t plain = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), [](char c) { return kPlain.contains(c); }) - text.begin());
    line.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const auto byte = static_cast<unsigned char>(text.front());
    line.append("\\x").append({kDigits[byte / 16], kDigits[byte % 16]});
    text.remove_prefix(1);
  }
}

void append_number(std::string& line, std::uint64_t number, std::size_t digits = 1) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - text.data());
  if (size < digits) line.append(digits - size, '0');
  line.append(text.data(), size);
}

// Calls `use(value)` for each field of this name in a head that was made here.
template <class Use>
void for_each_value(std::string_view head, std::string_view name, Use use) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view field = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = field.find(':');
    if (colon != std::string_view::npos && http::ascii_iequals(field.substr(0, colon), name)) {
      use(http::trim_ows(field.substr(colon + 1)));
    }
  }
}

template <class Use>
void for_each_value(const http::Headers& headers, std::string_view name, Use use) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (http::ascii_iequals(headers[i].name, name)) use(headers[i].value);
  }
}

// The values as one list; "-" without one.
template <class Fields>
void append_field(std::string& line, const Fields& fields, std::string_view name, bool is_secret_one) {
  bool is_there = false;
  for_each_value(fields, name, [&](std::string_view value) {
    if (is_there && !is_secret_one) line.append(", ");
    if (!is_secret_one) append_escaped(line, value);
    is_there = true;
  });
  if (!is_there) {
    line += '-';
  } else if (is_secret_one) {
    line.append("[redacted]");
  }
}

void append_request_line(std::string& line, const http::RequestHead* request) {
  if (request == nullptr) {
    line += '-';
    return;
  }
  line.append(request->method).append(" ");  // a token: nothing to escape
  append_escaped(line, request->target.raw());
  line.append(request->minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1");
}

void append_status(std::string& line, const net::HttpOutcome& outcome) {
  if (outcome.is_lost && outcome.bytes_sent == 0) {
    line.append("499");
  } else if (outcome.status) {
    append_number(line, static_cast<std::uint64_t>(outcome.status->code()));
  } else {
    line += '-';
  }
}

// The last second's text, which most lines want again. Months are English whatever the locale.
std::string_view local_time(std::time_t time) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  thread_local std::time_t known = std::numeric_limits<std::time_t>::min();
  thread_local std::string text;
  if (time == known) return text;
  std::tm local{};
  ::localtime_r(&time, &local);
  const auto number = [](int value, std::size_t digits) {
    append_number(text, static_cast<std::uint64_t>(std::max(value, 0)), digits);
  };
  text = "[";
  number(local.tm_mday, 2);
  text.append("/").append(kMonths.substr(static_cast<std::size_t>(local.tm_mon) * 3, 3)).append("/");
  number(local.tm_year + 1900, 4);
  for (const int value : {local.tm_hour, local.tm_min, local.tm_sec}) {
    text += ':';
    number(value, 2);
  }
  const int minutes = static_cast<int>((local.tm_gmtoff < 0 ? -local.tm_gmtoff : local.tm_gmtoff) / 60);
  text.append(local.tm_gmtoff < 0 ? " -" : " +");
  number(minutes / 60, 2);
  number(minutes % 60, 2);
  text += ']';
  known = time;
  return text;
}

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point began) {
  const auto passed = std::chrono::steady_clock::now() - began;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(passed).count());
}

}  // namespace

AccessLog::AccessLog(AccessLogOptions options)
    : sink_(std::move(options.sink)),
      parts_(compile(options.format)),
      wants_heads_(std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
        return part.kind == Kind::kAnswerField || part.kind == Kind::kSecretAnswerField;
      })) {}

std::vector<AccessLog::Part> AccessLog::compile(std::string_view format) {
  std::vector<Part> parts;
  std::string text;
  const auto end_text = [&] {
    if (!text.empty()) parts.push_back({Kind::kText, std::exchange(text, {})});
  };
  while (!format.empty()) {
    const char c = format.front();
    if (c != '%') {
      if (http::is_control(c) && c != '\t')
        reject(net::escape_for_log({&c, 1}), "a line holds no control byte but tabs");
      text += c;
      format.remove_prefix(1);
    } else if (format.starts_with("%%")) {
      text += '%';
      format.remove_prefix(2);
    } else {
      end_text();
      parts.push_back(compile_directive(format));
    }
  }
  end_text();
  return parts;
}

// Takes the directive that `rest` begins with off it.
AccessLog::Part AccessLog::compile_directive(std::string_view& rest) {
  constexpr std::array<std::pair<std::string_view, Kind>, 10> kKinds{{{"%a", Kind::kPeer},
                                                                      {"%t", Kind::kTime},
                                                                      {"%P", Kind::kProcess},
                                                                      {"%r", Kind::kRequestLine},
                                                                      {"%s", Kind::kStatus},
                                                                      {"%b", Kind::kBytes},
                                                                      {"%Tf", Kind::kExactSeconds},  // before %T
                                                                      {"%T", Kind::kSeconds},
                                                                      {"%D", Kind::kMicroseconds},
                                                                      {"%X", Kind::kEnding}}};
  for (const auto& [directive, kind] : kKinds) {
    if (!rest.starts_with(directive)) continue;
    rest.remove_prefix(directive.size());
    return {kind, {}};
  }
  if (!rest.starts_with("%{")) {
    reject(rest.substr(0, 2), "no directive; there are %a %t %P %r %s %b %T %Tf %D %X %{Name}i %{Name}o %%");
  }
  const std::size_t close = rest.find('}');
  if (close == std::string_view::npos) reject(rest, "has no }");
  const std::string_view name = rest.substr(2, close - 2);
  const std::string_view directive = rest.substr(0, close + 2);
  if (!http::is_token(name)) reject(directive, "no name of a field");
  const bool is_request = directive.ends_with("}i");
  if (!is_request && !directive.ends_with("}o"))
    reject(directive, "ends neither in i, as fields of requests, nor in o");
  rest.remove_prefix(directive.size());
  const Kind open = is_request ? Kind::kRequestField : Kind::kAnswerField;
  const Kind secret = is_request ? Kind::kSecretRequestField : Kind::kSecretAnswerField;
  return {is_secret(name) ? secret : open, std::string(name)};
}

void AccessLog::on_answered(const net::HttpOutcome& outcome) noexcept {
  thread_local std::string line;
  try {
    line.clear();
    for (const Part& part : parts_) append(line, part, outcome);
    sink_(line);
  } catch (...) {
  }
  if (line.capacity() > kMostKept) std::string().swap(line);
}

void AccessLog::append(std::string& line, const Part& part, const net::HttpOutcome& outcome) {
  static const http::Headers kNone;
  const http::RequestHead* const request = outcome.request;
  const http::Headers& fields = request != nullptr ? request->headers : kNone;
  switch (part.kind) {
    case Kind::kText: line.append(part.text); return;
    case Kind::kPeer:
      line.append(outcome.peer.is_unix() || outcome.peer.host.empty() ? "-" : outcome.peer.host);
      return;
    case Kind::kTime: {
      const auto began =
          std::chrono::system_clock::now() - std::chrono::microseconds(microseconds_since(outcome.began));
      line.append(local_time(std::chrono::system_clock::to_time_t(began)));
      return;
    }
    case Kind::kProcess: append_number(line, static_cast<std::uint64_t>(::getpid())); return;
    case Kind::kRequestLine: append_request_line(line, request); return;
    case Kind::kStatus: append_status(line, outcome); return;
    case Kind::kBytes: append_number(line, outcome.bytes_sent); return;
    case Kind::kSeconds: append_number(line, microseconds_since(outcome.began) / 1'000'000); return;
    case Kind::kExactSeconds: {
      const std::uint64_t microseconds = microseconds_since(outcome.began);
      append_number(line, microseconds / 1'000'000);
      line += '.';
      append_number(line, microseconds % 1'000'000, 6);
      return;
    }
    case Kind::kMicroseconds: append_number(line, microseconds_since(outcome.began)); return;
    case Kind::kEnding: line += outcome.is_complete ? '+' : 'X'; return;
    case Kind::kRequestField:
    case Kind::kSecretRequestField:
      append_field(line, fields, part.text, part.kind == Kind::kSecretRequestField);
      return;
    case Kind::kAnswerField:
    case Kind::kSecretAnswerField:
      append_field(line, outcome.head, part.text, part.kind == Kind::kSecretAnswerField);
      return;
  }
}

}  // namespace prometheus_async::aio::web
