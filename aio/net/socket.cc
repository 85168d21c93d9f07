// SPDX-License-Identifier: Apache-2.0

#include "aio/net/socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>

#include <boost/asio/ip/tcp.hpp>

namespace prometheus_async::aio::net {
namespace {

Address address_of_unix(const Endpoint& endpoint) {
  constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
  if (endpoint.size() <= kPathAt) return Address::unix_socket("");  // unnamed
  const char* bytes = static_cast<const char*>(static_cast<const void*>(endpoint.data())) + kPathAt;
  const std::size_t size = endpoint.size() - kPathAt;
  if (bytes[0] == '\0') return Address::unix_socket("@" + std::string(bytes + 1, size - 1));
  return Address::unix_socket(std::string(bytes, ::strnlen(bytes, size)));
}

}  // namespace

Address address_of(const Endpoint& endpoint) {
  const int family = endpoint.protocol().family();
  if (family == AF_UNIX) return address_of_unix(endpoint);
  if (family != AF_INET && family != AF_INET6) return {};
  asio::ip::tcp::endpoint ip;
  ip.resize(endpoint.size());
  std::memcpy(ip.data(), endpoint.data(), endpoint.size());
  return {ip.address().to_string(), ip.port()};
}

}  // namespace prometheus_async::aio::net
