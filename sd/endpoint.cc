// SPDX-License-Identifier: Apache-2.0
#include "sd/endpoint.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <boost/asio/ip/address.hpp>

namespace prometheus_async::sd {
namespace {

namespace asio = boost::asio;

// The loopback address of the wildcard's family; empty if `address` is no wildcard.
std::string loopback_for(const std::string& address) {
  if (address.empty()) return "127.0.0.1";
  boost::system::error_code not_an_ip;
  const asio::ip::address ip = asio::ip::make_address(address, not_an_ip);
  if (not_an_ip || !ip.is_unspecified()) return "";
  return ip.is_v6() ? "::1" : "127.0.0.1";
}

}  // namespace

bool Endpoint::is_wildcard() const { return !loopback_for(address).empty(); }

std::string Endpoint::url() const {
  std::string host = loopback_for(address);
  if (host.empty()) host = address;
  // RFC 6874: the percent sign before a zone is itself encoded.
  if (host.find(':') != std::string::npos) host = absl::StrCat("[", absl::StrReplaceAll(host, {{"%", "%25"}}), "]");
  return absl::StrCat(scheme, "://", host, ":", port, path);
}

}  // namespace prometheus_async::sd
