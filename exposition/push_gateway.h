// SPDX-License-Identifier: Apache-2.0
//
// Hands a registry to a Pushgateway (https://github.com/prometheus/pushgateway): for batch jobs that end before
// Prometheus could scrape them. What runs for long is scraped, not pushed.
//
//   const exposition::PushGateway gateway("http://pushgateway:9091", "nightly_backup",
//                                         {.grouping_key = {{"host", "a"}}});
//   try {
//     gateway.push(registry);
//   } catch (const exposition::PushError& error) {
//     std::cerr << error.what() << '\n';  // PUT http://pushgateway:9091/metrics/job/nightly_backup/host/a: 400 Bad ...
//   }
#ifndef PROMETHEUS_ASYNC_EXPOSITION_PUSH_GATEWAY_H_
#define PROMETHEUS_ASYNC_EXPOSITION_PUSH_GATEWAY_H_

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "exposition/format.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {

struct PushGatewayOptions {
  using Pair = std::pair<std::string, std::string>;

  // Labels that name the group together with the job. The gateway puts them on every metric of the group, in the place
  // of a label that the metric has of that name.
  std::vector<Pair> grouping_key = {};

  // What the gateway is sent: text, which every Pushgateway reads, or protobuf, for native histograms.
  Format format = kText_0_0_4;

  // Basic authentication, where there is a user.
  std::string user = {};
  std::string password = {};

  // Sent with each request, "Authorization" with a token for instance.
  std::vector<Pair> headers = {};

  // For a whole request, positive.
  std::chrono::milliseconds timeout{10'000};
};

// A request that did not succeed. what() names the method, the URL (without user and password) and the reason: the
// status and the words of the gateway, or what the network said.
//
// code() equals std::errc::timed_out after the timeout and the operating system's error where a connection fails
// (std::errc::connection_refused); std::errc::protocol_error where an answer came, and std::errc::io_error otherwise.
class PushError : public std::system_error {
 public:
  PushError(std::error_code code, int status, const std::string& what)
      : system_error(code, what), status_(status), what_(what) {}

  // Without the words of code(), which add nothing to an answer of the gateway.
  const char* what() const noexcept override { return what_.what(); }

  // The HTTP status; 0 where no answer came.
  int status() const noexcept { return status_; }

 private:
  int status_;
  std::runtime_error what_;  // copies without throwing
};

// One group of metrics at a Pushgateway.
//
// Every member blocks until the gateway has answered, and throws PushError unless it answered with success. A failed
// push is not repeated; whether it changed the group is known only where the gateway has answered.
//
// It speaks HTTP/1.1 over libcurl: no redirects are followed, the environment's proxies are not used, TLS verifies the
// server with the system's certificates.
// Threads: every member is safe from any thread; requests of several threads run at the same time.
class PushGateway {
 public:
  // `url` is http or https, with the path under which the gateway is reached if it has one; "host:9091" is http.
  //
  // Throws std::invalid_argument for a URL of another kind, or with a query; for a job that is empty; for a name of the
  // grouping key that is no label name ([a-zA-Z_][a-zA-Z0-9_]*, not beginning with __), is "job" or comes twice; for
  // values that are not UTF-8; for OpenMetrics, which no Pushgateway reads; for headers that would break the message;
  // for a timeout that is not positive. Nothing of a password is repeated. Throws std::runtime_error where libcurl
  // cannot start.
  PushGateway(std::string_view url, std::string_view job, PushGatewayOptions options = {});

  // The registry's metrics take the place of the group: what it had before and the registry does not have is gone.
  //
  // Throws PushError; what render() throws, before anything is sent. Semantics: prometheus_client's push_to_gateway.
  void push(const metrics::Registry& registry) const;

  // The registry's metrics take the place of those of the same name in the group; others stay.
  // Throws as push(). Semantics: prometheus_client's pushadd_to_gateway.
  void push_add(const metrics::Registry& registry) const;

  // The group and its metrics are gone; a group that was not there is as good.
  // Throws PushError. Semantics: prometheus_client's delete_from_gateway.
  void delete_group() const;

  // Where the group is at the gateway. Without user and password.
  const std::string& url() const noexcept { return url_; }

 private:
  void perform(const char* method, const std::string& content_type, const std::string& body) const;

  PushGatewayOptions options_;
  std::string url_;
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_PUSH_GATEWAY_H_
