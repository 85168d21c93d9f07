// SPDX-License-Identifier: Apache-2.0
//
// A web configuration file behind a server: its TLS, passwords, headers and limit of requests, each as of the latest
// version of the file, without a restart.
//
//   const web::WebConfigFile file("web.yml");
//   file.apply(app);
//   co_await runner.tcp_site("::", 9100, file.tls_provider());
#ifndef PROMETHEUS_ASYNC_AIO_WEB_WEB_CONFIG_FILE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_WEB_CONFIG_FILE_H_

#include <memory>
#include <string>

#include "aio/net/reloading.h"
#include "aio/net/tls_provider.h"
#include "aio/web/application.h"
#include "aio/web/middleware.h"
#include "aio/web/web_config.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {

// The file is looked at once a second at most, when a connection or a request comes, and so are the certificates that
// it names. What cannot be used leaves all of the last good version in place, which the log says once.
//
// A file cannot go from TLS to plain HTTP or back while it is served, as clients would speak the wrong one: that is a
// version that cannot be used; restart the server with it.
//
// What a new version does not change lives on: remembered passwords, the requests that are saved up, TLS sessions.
//
// Threads: any. Lifetime: what it gives out keeps what it needs. Cost: one or two stat() a second; some milliseconds,
// in the loop, for a new version.
class WebConfigFile {
 public:
  // Reads it, and what it names, as validate_web_config does, and throws as that does. A line of the log for each thing
  // in it that has no effect.
  explicit WebConfigFile(std::string path, net::ReloadOptions reload = {});

  std::shared_ptr<const WebConfig> current() const;

  // Of the file and the certificates together: whether what is served is what is in the files.
  net::ReloadState state() const;
  // Shows it as Prometheus' programs do, by two gauges, for as long as the registry lives:
  //
  //   PREFIXconfig_last_reload_successful                 1, or 0
  //   PREFIXconfig_last_reload_success_timestamp_seconds  Unix time
  //
  // Throws std::invalid_argument if the registry has such metrics.
  void show_state(metrics::Registry& registry = metrics::default_registry(), const std::string& prefix = {}) const;

  // For the server. Null if the file has no TLS: plain HTTP.
  net::TlsProvider tls_provider() const;

  // Around all of an application, so it is used first: the limit of requests (429), then passwords (401).
  Middleware middleware() const;
  // The headers, which go onto every answer, a 401 too.
  ResponsePrepare response_prepare() const;
  // Both.
  void apply(Application& app) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_WEB_CONFIG_FILE_H_
