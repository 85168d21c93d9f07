// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_rules.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <boost/asio/ip/address.hpp>

namespace prometheus_async::sd::internal {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::size_t kMaxIdBytes = 255;
constexpr std::size_t kMaxMetaPairs = 62;  // the agent's 64, less the two that are added
constexpr std::size_t kMaxMetaKeyBytes = 128;
constexpr std::size_t kMaxMetaValueBytes = 512;

void require(bool condition, const std::string& option, const std::string& value, const std::string& rule) {
  if (condition) return;
  throw std::invalid_argument(absl::StrCat("Consul registration: ", option, " '", value, "' ", rule));
}

bool consists_of(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || marks.find(static_cast<char>(c)) != marks.npos;
  });
}

bool is_graph(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
}

void require_address(const std::string& option, const std::string& address) {
  boost::system::error_code not_an_ip;
  const asio::ip::address ip = asio::ip::make_address(address, not_an_ip);
  if (not_an_ip) {
    require(!address.empty() && consists_of(address, "._-"), option, address,
            "is neither an IP address without brackets nor a host name");
  } else {
    require(!ip.is_unspecified(), option, address, "is a wildcard");
  }
}

void require_meta(const std::string& key, const std::string& value) {
  require(!key.empty() && key.size() <= kMaxMetaKeyBytes && consists_of(key, "_-"), "the meta key", key,
          "is not 1 to 128 characters of [A-Za-z0-9_-]");
  require(value.size() <= kMaxMetaValueBytes, "the value of the meta key", key, "is longer than 512 bytes");
}

void require_url(const std::string& option, const std::string& url) {
  try {
    printable_url(url);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(absl::StrCat("Consul registration: ", option, ": ", error.what()));
  }
}

// The agent makes a second of anything shorter.
void require_second(const std::string& option, milliseconds value) {
  require(value >= std::chrono::seconds(1), option, absl::StrCat(value.count(), "ms"), "is shorter than 1 s");
}

void require_positive(const std::string& option, milliseconds value) {
  require(value > milliseconds(0), option, absl::StrCat(value.count(), "ms"), "is not positive");
}

struct CheckRules {
  void operator()(const ConsulHttpCheck& check) const {
    if (!check.url.empty()) require_url("check.url", check.url);
    require_second("check.interval", check.interval);
    if (check.timeout) require_positive("check.timeout", *check.timeout);
  }
  void operator()(const ConsulTcpCheck& check) const {
    require(check.address.empty() || check.address.rfind(':') != std::string::npos, "check.address", check.address,
            "is not host:port");
    require_second("check.interval", check.interval);
    if (check.timeout) require_positive("check.timeout", *check.timeout);
  }
  void operator()(const ConsulTtlCheck& check) const {
    require_second("check.ttl", check.ttl);
    require(options.keep_registered, "check", "ConsulTtlCheck", "needs keep_registered, which sends its heartbeats");
  }
  void operator()(const ConsulNoCheck&) const {
    require(!options.initial_status, "initial_status", "...", "needs a check");
    require(!options.deregister_critical_service_after, "deregister_critical_service_after", "...", "needs a check");
  }

  const ConsulOptions& options;
};

}  // namespace

void check_service_id(const std::string& id) {
  // IDs with other characters register, and some of them can then not be removed by any URL.
  const bool valid = !id.empty() && id.size() <= kMaxIdBytes && consists_of(id, "._~:-") && id != "." && id != "..";
  require(valid, "service_id", id, "is not 1 to 255 characters of [A-Za-z0-9._~:-], or is a dot segment");
}

void check_connection(const ConsulOptions& options) {
  constexpr std::string_view kUnix = "unix://";
  if (options.agent.starts_with(kUnix)) {
    const std::string path = options.agent.substr(kUnix.size());
    require(path.starts_with('/') && path.size() < 108, "agent", options.agent,
            "is not unix:// and an absolute path of at most 107 bytes");
  } else {
    require_url("agent", options.agent);
    if (options.agent.find_first_of("?#") != std::string::npos) {
      throw std::invalid_argument("Consul registration: agent: the URL has a query or a fragment");
    }
  }
  require(is_graph(options.token), "token", "...", "has a space, control or non-ASCII character in it");
  require(options.http_auth.find(':') != 0, "http_auth", "...", "has no user");
  require(options.tls.certificate_file.empty() == options.tls.key_file.empty(), "tls",
          absl::StrCat(options.tls.certificate_file, options.tls.key_file),
          "is a certificate or a key without the other");
  require_positive("timeout", options.timeout);
}

void check(const ConsulOptions& options) {
  require(!options.name.empty(), "name", options.name, "is empty");
  if (!options.service_id.empty()) check_service_id(options.service_id);
  for (const auto& [key, value] : options.meta) require_meta(key, value);
  require(options.meta.size() <= kMaxMetaPairs, "meta", absl::StrCat(options.meta.size(), " pairs"),
          "exceeds 62 pairs");
  check_connection(options);
  if (!options.advertise_address.empty()) require_address("advertise_address", options.advertise_address);
  std::visit(CheckRules{options}, options.check);
  if (const auto after = options.deregister_critical_service_after) {
    require(*after >= std::chrono::minutes(1), "deregister_critical_service_after", absl::StrCat(after->count(), "s"),
            "is shorter than 1 min");
  }
  if (const auto weights = options.weights) {
    require(weights->passing >= 1, "weights.passing", absl::StrCat(weights->passing), "is less than 1");
    require(weights->warning >= 0, "weights.warning", absl::StrCat(weights->warning), "is negative");
  }
  require(options.watch >= std::chrono::seconds(1) && options.watch <= std::chrono::minutes(10), "watch",
          absl::StrCat(options.watch.count(), "s"), "is not 1 s to 10 min");
}

void check(const Endpoint& endpoint) {
  require(endpoint.scheme == "http" || endpoint.scheme == "https", "scheme", endpoint.scheme,
          "is neither http nor https");
  require(endpoint.port != 0, "port", "0", "is not a port that a server listens on");
  if (!endpoint.is_wildcard()) require_address("address", endpoint.address);
  require(endpoint.path.starts_with('/'), "path", endpoint.path, "does not begin with a slash");
  require(endpoint.health_path.starts_with('/'), "health_path", endpoint.health_path, "does not begin with a slash");
  require_meta("metrics_path", endpoint.path);
}

}  // namespace prometheus_async::sd::internal
