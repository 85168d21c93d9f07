// SPDX-License-Identifier: Apache-2.0
//
// What a server does with its connections, and what it refuses before any application sees it: the half that
// instrument() does not measure.
//
//   web::RunOptions options{.port = 8000};
//   options.server.observers.push_back(std::make_shared<web::ServerMetrics>(registry));
//   return web::run_app(std::move(app), std::move(options));
//
//   http_server_connections 12
//   http_server_connections_accepted_total 3407
//   http_server_connections_rejected_total{reason="timeout"} 2
//   http_server_requests_refused_total{status="431"} 1
//   http_server_sent_bytes_total 9.1e+06
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVER_METRICS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVER_METRICS_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "aio/net/http_observer.h"
#include "metrics/counter.h"
#include "metrics/gauge.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {

// An observer of one server or of several, which are counted together then.
//
//   rejected  connections that ended before they had asked anything: by "handshake", no TLS came of it; by "timeout" of
//             the handshake or the first byte; by "descriptors", the process had none left for them. Who waits in the
//             kernel's queue since ServerOptions::max_connections are there is not seen
//   refused   what never became a request: 400 malformed, or HTTP where HTTPS is spoken; 408 too slow; 414, 431 too
//             large; 417, 501, 505 unknown. Bodies that are too large or malformed are the application's answers, which
//             instrument() counts
//   sent      heads and bodies as the system took them, before TLS
//
// All label values are shown from the start.
//
// Threads: any. Lifetime: the registry outlives it. Cost: two counts a request, and what any observer costs, a reading
// of the clock.
class ServerMetrics final : public net::HttpObserver {
 public:
  // `prefix` is what the names begin with. Throws std::invalid_argument if the registry has metrics of these names:
  // make one, and give it to all the servers that are to be counted together.
  explicit ServerMetrics(metrics::Registry& registry = metrics::default_registry(),
                         const std::string& prefix = "http_server");

  void on_answered(const net::HttpOutcome& outcome) noexcept override;
  void on_opened() noexcept override;
  void on_closed() noexcept override;
  void on_rejected(net::HttpRejection reason) noexcept override;

 private:
  static constexpr std::array<std::string_view, 3> kReasons{"handshake", "timeout", "descriptors"};  // by HttpRejection
  static constexpr std::array<int, 7> kStatuses{400, 408, 414, 417, 431, 501, 505};

  metrics::Gauge& connections_;
  metrics::Counter& accepted_;
  std::array<metrics::Counter*, kReasons.size()> rejected_;
  std::array<metrics::Counter*, kStatuses.size()> refused_;
  metrics::Counter& sent_bytes_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVER_METRICS_H_
