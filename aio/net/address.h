// SPDX-License-Identifier: Apache-2.0
//
// Where a socket listens or who is at its other end.
//
//   Address{"::1", 8000}.to_string();                  // "[::1]:8000"
//   Address::unix_socket("/run/x.sock").to_string();   // "unix:/run/x.sock"
#ifndef PROMETHEUS_ASYNC_AIO_NET_ADDRESS_H_
#define PROMETHEUS_ASYNC_AIO_NET_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace prometheus_async::aio::net {

struct Address {
  std::string host;  // a numeric address, without brackets; of a Unix socket "unix:" and its path
  std::uint16_t port = 0;

  // `path` is a file's, or `@` and a name without a file, or empty for a socket without a name, as clients' are.
  static Address unix_socket(std::string_view path) { return {"unix:" + std::string(path), 0}; }

  bool is_unix() const { return host.starts_with("unix:"); }
  // REQUIRES: is_unix().
  std::string_view path() const { return std::string_view(host).substr(5); }

  // host:port, as in a URL: an IPv6 address in brackets; or unix:path.
  std::string to_string() const {
    if (is_unix()) return host;
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_ADDRESS_H_
