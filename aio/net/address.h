// SPDX-License-Identifier: Apache-2.0
//
// Where a socket listens or who is at its other end.
//
//   Address{"::1", 8000}.to_string();  // "[::1]:8000"
#ifndef PROMETHEUS_ASYNC_AIO_NET_ADDRESS_H_
#define PROMETHEUS_ASYNC_AIO_NET_ADDRESS_H_

#include <cstdint>
#include <string>

namespace prometheus_async::aio::net {

struct Address {
  std::string host;  // a numeric address, without brackets
  std::uint16_t port = 0;

  // host:port, as in a URL: an IPv6 address in brackets.
  std::string to_string() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_ADDRESS_H_
