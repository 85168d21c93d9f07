// SPDX-License-Identifier: Apache-2.0

#include "aio/http/target.h"

#include <algorithm>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"

namespace prometheus_async::aio::http {
namespace {

constexpr ByteSet kTargetChars = ByteSet::where(
    [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '#' && c != '<' && c != '>' && c != '\\'; });

// unreserved / sub-delims / "%", without the comma, which only a list has.
constexpr ByteSet kHostChars = ByteSet::alphanumeric_and("-._~!$&'()*+;=%");

bool has_dot_segment(std::string_view path) {
  if (path.find("/.") == std::string_view::npos) return false;  // as most
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

absl::Status bad(std::string_view rule) { return absl::InvalidArgumentError({rule.data(), rule.size()}); }

}  // namespace

bool is_valid_host(std::string_view host) {
  std::string_view rest;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    for (const char c : host.substr(1, close - 1)) {
      if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    }
    rest = host.substr(close + 1);
  } else {
    const std::size_t colon = std::min(host.find(':'), host.size());
    if (colon == 0 || !kHostChars.contains_all(host.substr(0, colon))) return false;
    rest = host.substr(colon);
  }
  if (rest.empty()) return true;
  const std::string_view port = rest.substr(1);
  return rest.front() == ':' && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

absl::Status Target::assign(std::string_view method, std::string_view target) {
  raw_.assign(target);
  authority_ = path_ = query_ = {};
  has_escapes_ = false;
  if (target.empty() || !kTargetChars.contains_all(target)) {
    return bad("target with a byte that no URL has");
  }

  if (method == "CONNECT") {
    form_ = Form::kAuthority;
    path_ = authority_ = {0, target.size()};
    const bool has_port = target.find(':', target.starts_with('[') ? target.find(']') : 0) != std::string_view::npos;
    return is_valid_host(target) && has_port ? absl::OkStatus() : bad("CONNECT takes host:port");
  }
  if (target == "*") {
    form_ = Form::kAsterisk;
    path_ = {0, 1};
    return method == "OPTIONS" ? absl::OkStatus() : bad("the target * is for OPTIONS alone");
  }
  if (target.front() == '/') {
    form_ = Form::kOrigin;
    return assign_path_and_query(0);
  }

  const std::size_t scheme_size = target.find("://");
  if (scheme_size == std::string_view::npos) return bad("target begins neither with / nor with http://");
  const std::string_view scheme = target.substr(0, scheme_size);
  if (!ascii_iequals(scheme, "http") && !ascii_iequals(scheme, "https")) return bad("target of another scheme");
  form_ = Form::kAbsolute;
  const std::size_t begin = scheme_size + 3;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  authority_ = {begin, end - begin};
  if (!is_valid_host(authority())) return bad("target with a bad authority");
  return assign_path_and_query(end);
}

absl::Status Target::assign_path_and_query(std::size_t begin) {
  const std::size_t question = std::min(raw_.find('?', begin), raw_.size());
  path_ = {begin, question - begin};
  if (question < raw_.size()) query_ = {question + 1, raw_.size() - question - 1};

  const std::string_view encoded = part(path_);
  if (encoded.find('%') != std::string_view::npos) {
    if (!percent_decode(encoded, decoded_path_)) return bad("path with a bad percent escape");
    if (decoded_path_.find('\0') != std::string::npos) return bad("path with %00");
    if (!is_valid_utf8(decoded_path_)) return bad("path that is not UTF-8");
    if (!percent_decode_except(encoded, "/%", routing_path_)) return bad("path with a bad percent escape");
    has_escapes_ = true;
  }
  return has_dot_segment(path()) ? bad("path with a dot segment") : absl::OkStatus();
}

}  // namespace prometheus_async::aio::http
