// SPDX-License-Identifier: Apache-2.0
//
// Where a metrics server listens, as a plain value: what a service discovery announces. It knows nothing of servers.
//
//     const sd::Endpoint endpoint{.address = "::", .port = 9100};
//     endpoint.is_wildcard();  // true
//     endpoint.url();          // "http://[::1]:9100/metrics"
#ifndef PROMETHEUS_ASYNC_SD_ENDPOINT_H_
#define PROMETHEUS_ASYNC_SD_ENDPOINT_H_

#include <cstdint>
#include <string>

namespace prometheus_async::sd {

struct Endpoint {
  std::string scheme = "http";  // or "https"
  // The address bound: an IP address without brackets, or a host name. A wildcard is "0.0.0.0", "::" or empty.
  std::string address = {};
  std::uint16_t port = 0;
  std::string path = "/metrics";  // begins with a slash
  // A page that is cheap and constant, for health checks; begins with a slash.
  std::string health_path = "/";

  // True if the server listens on every interface, so that `address` is of no use to a client.
  bool is_wildcard() const;

  // The URL of `path` for a client on this host: an IPv6 address is put in brackets, and a wildcard becomes the
  // loopback address of its family (127.0.0.1 for the empty one).
  std::string url() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_ENDPOINT_H_
