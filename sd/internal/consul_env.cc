// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_env.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/system/error_code.hpp>

namespace prometheus_async::sd::internal {
namespace {

namespace ip = boost::asio::ip;

constexpr const char* kAddress = "CONSUL_HTTP_ADDR";
constexpr const char* kSsl = "CONSUL_HTTP_SSL";
constexpr const char* kVerify = "CONSUL_HTTP_SSL_VERIFY";
constexpr const char* kCertificate = "CONSUL_CLIENT_CERT";
constexpr const char* kKey = "CONSUL_CLIENT_KEY";
constexpr const char* kServerName = "CONSUL_TLS_SERVER_NAME";
constexpr const char* kToken = "CONSUL_HTTP_TOKEN";
constexpr const char* kAuth = "CONSUL_HTTP_AUTH";

void require(bool condition, const char* variable, const char* rule) {
  if (!condition) throw std::invalid_argument(absl::StrCat(variable, " ", rule));
}

// Go's strconv.ParseBool.
bool parse_bool(const char* variable, const std::string& text) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  require(std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end(), variable,
          "is none of 1, t, T, TRUE, true, True, 0, f, F, FALSE, false, False");
  return false;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_ipv6(std::string_view text) {
  boost::system::error_code error;
  ip::make_address_v6(std::string(text), error);
  return !error;
}

void require_port(std::string_view text) {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  require(is_number && port >= 1 && port <= 65535, kAddress, "has a port that is not a number from 1 to 65535");
}

// "host", "host:port", "[::1]:port"; without a port it is the scheme's.
void require_host_and_port(std::string_view text) {
  require(text.find('@') == text.npos, kAddress, "has a user in it; CONSUL_HTTP_AUTH is for that");
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    require(end != text.npos && is_ipv6(text.substr(1, end - 1)), kAddress,
            "has brackets around what is no IPv6 address");
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    const bool has_more = colon != text.npos && text.find(':', colon + 1) != text.npos;
    require(!has_more, kAddress, "has more than one colon; an IPv6 address needs brackets: [::1]:8500");
    require(is_host_name(text.substr(0, colon)), kAddress,
            "is not host:port, http://host:port, https://host:port or unix:///path");
    if (colon != text.npos) rest = text.substr(colon);
  }
  if (rest.empty()) return;
  require(rest.starts_with(':'), kAddress, "has something other than a port after the brackets");
  require_port(rest.substr(1));
}

std::string agent_url(const std::string& address, bool ssl) {
  require(std::all_of(address.begin(), address.end(), absl::ascii_isgraph), kAddress,
          "has a space, control or non-ASCII character in it");
  const std::size_t mark = address.find("://");
  const std::string scheme = address.substr(0, mark == address.npos ? 0 : mark);
  const std::string rest = mark == address.npos ? address : address.substr(mark + 3);
  if (scheme == "unix") {
    require(rest.starts_with('/') && rest.size() > 1, kAddress, "needs an absolute path: unix:///path");
    require(!ssl, kAddress, "is a unix socket, which CONSUL_HTTP_SSL cannot be combined with");
    return address;
  }
  require(scheme.empty() ? mark == address.npos : scheme == "http" || scheme == "https", kAddress,
          "has a scheme other than http, https and unix");
  require(rest.find_first_of("?#") == rest.npos, kAddress, "has a query or a fragment");
  const std::size_t slash = rest.find('/');
  require(!scheme.empty() || slash == rest.npos, kAddress, "has a path, which needs http:// or https:// in front");
  require_host_and_port(rest.substr(0, slash));
  return absl::StrCat(ssl || scheme == "https" ? "https" : "http", "://", rest);
}

}  // namespace

ConsulOptions consul_options_from_env(const std::function<const char*(const char*)>& variable) {
  const auto get = [&](const char* name) -> std::string {
    const char* value = variable(name);
    return value == nullptr ? "" : value;
  };
  const auto get_bool = [&](const char* name, bool otherwise) {
    const std::string text = get(name);
    return text.empty() ? otherwise : parse_bool(name, text);
  };

  ConsulOptions options;
  options.token = get(kToken);
  require(std::all_of(options.token.begin(), options.token.end(), absl::ascii_isgraph), kToken,
          "has a space, control or non-ASCII character in it");
  options.token_file = get("CONSUL_HTTP_TOKEN_FILE");
  options.http_auth = get(kAuth);
  require(std::none_of(options.http_auth.begin(), options.http_auth.end(), absl::ascii_iscntrl), kAuth,
          "has a control character in it");

  const bool ssl = get_bool(kSsl, false);
  std::string address = get(kAddress);
  if (address.empty()) address = options.agent;
  options.agent = agent_url(address, ssl);

  options.tls.verify = get_bool(kVerify, true);
  options.tls.ca_file = get("CONSUL_CACERT");
  options.tls.ca_path = get("CONSUL_CAPATH");
  options.tls.certificate_file = get(kCertificate);
  options.tls.key_file = get(kKey);
  require(options.tls.certificate_file.empty() == options.tls.key_file.empty(),
          options.tls.key_file.empty() ? kCertificate : kKey,
          options.tls.key_file.empty() ? "needs CONSUL_CLIENT_KEY beside it" : "needs CONSUL_CLIENT_CERT beside it");
  options.tls.server_name = get(kServerName);
  require(options.tls.server_name.empty() || is_host_name(options.tls.server_name) || is_ipv6(options.tls.server_name),
          kServerName, "is neither a host name nor an IP address without brackets");

  options.consul_namespace = get("CONSUL_NAMESPACE");
  options.partition = get("CONSUL_PARTITION");
  return options;
}

}  // namespace prometheus_async::sd::internal

namespace prometheus_async::sd {

ConsulOptions ConsulOptions::from_env() {
  return internal::consul_options_from_env([](const char* name) { return std::getenv(name); });
}

}  // namespace prometheus_async::sd
