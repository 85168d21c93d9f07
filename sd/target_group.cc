// SPDX-License-Identifier: Apache-2.0
#include "sd/target_group.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/json.hpp>

#include "metrics/utf8.h"

namespace prometheus_async::sd {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

void require(bool condition, const std::string& what, const std::string& value, const std::string& rule) {
  if (condition) return;
  throw std::invalid_argument(absl::StrCat("target: ", what, " '", value, "' ", rule));
}

bool is_name_character(unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; }
bool is_host_character(unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; }

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = metrics::utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

void check_target_labels(const TargetLabels& labels) {
  for (const auto& [name, value] : labels) {
    const bool is_name = !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name.front())) &&
                         std::all_of(name.begin(), name.end(), is_name_character);
    require(is_name, "label", name, "is not [a-zA-Z_][a-zA-Z0-9_]*");
    require(name != "__address__" && name != "__name__", "label", name, "is not a target's to say");
    require(is_utf8(value), "the value of label", name, "is not UTF-8");
  }
}

void check_target_host(const std::string& what, const std::string& host) {
  boost::system::error_code not_an_ip;
  const asio::ip::address ip = asio::ip::make_address(host, not_an_ip);
  if (not_an_ip) {
    require(!host.empty() && std::all_of(host.begin(), host.end(), is_host_character), what, host,
            "is neither an IP address without brackets nor a host name");
  } else {
    require(!ip.is_unspecified(), what, host, "is a wildcard");
    require(host.find('%') == host.npos, what, host, "has a zone, which means nothing to another host");
  }
}

std::string target_host(const Endpoint& endpoint, const std::string& advertise_address) {
  std::string host = advertise_address;
  if (host.empty()) host = endpoint.is_wildcard() ? asio::ip::host_name() : endpoint.address;
  check_target_host(advertise_address.empty() ? "address" : "advertise_address", host);
  return host;
}

TargetGroup target_group(const Endpoint& endpoint, TargetLabels labels, const std::string& advertise_address) {
  require(endpoint.scheme == "http" || endpoint.scheme == "https", "scheme", endpoint.scheme,
          "is neither http nor https");
  require(endpoint.port != 0, "port", "0", "is not a port that a server listens on");
  require(endpoint.path.starts_with('/'), "path", endpoint.path, "does not begin with a slash");
  labels.try_emplace("__metrics_path__", endpoint.path);
  labels.try_emplace("__scheme__", endpoint.scheme);
  check_target_labels(labels);
  std::string host = target_host(endpoint, advertise_address);
  if (host.find(':') != host.npos) host = absl::StrCat("[", host, "]");
  return {.targets = {absl::StrCat(host, ":", endpoint.port)}, .labels = std::move(labels)};
}

std::string to_json(const std::vector<TargetGroup>& groups) {
  json::array list;
  for (const TargetGroup& group : groups) {
    json::object object{{"targets", json::value_from(group.targets)}};
    if (!group.labels.empty()) object["labels"] = json::value_from(group.labels);
    list.push_back(std::move(object));
  }
  return json::serialize(list);
}

}  // namespace prometheus_async::sd
