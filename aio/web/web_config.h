// SPDX-License-Identifier: Apache-2.0
//
// The web configuration file of Prometheus and its exporters (--web.config.file): TLS, passwords, headers, a limit of
// requests. Read strictly: what is not understood is an error that names its line.
//
//   const web::WebConfig config = web::load_web_config("web.yml");
//   if (config.tls) listen(net::TlsCredentials(*config.tls).provider());
#ifndef PROMETHEUS_ASYNC_AIO_WEB_WEB_CONFIG_H_
#define PROMETHEUS_ASYNC_AIO_WEB_WEB_CONFIG_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aio/http/headers.h"
#include "aio/net/tls.h"
#include "aio/web/basic_auth_verifier.h"
#include "aio/web/rate_limiter.h"

namespace prometheus_async::aio::web {

// Semantics: exporter-toolkit's docs/web-configuration.md, with one configuration for each file that it accepts, except
// that these are errors here: a tls_server_config without a certificate (plain HTTP there), verification without a
// client CA (the system's there), an empty client_allowed_sans, max_version below min_version, a rate_limit that lets
// nothing through, a user name with a colon, a repeated key in any mapping, more than one document, control characters,
// and YAML's merge keys. HTTP/2 is not spoken.
struct WebConfig {
  // tls_server_config, its paths joined to the file's folder. None: plain HTTP.
  std::optional<net::TlsOptions> tls = {};
  // http_server_config's headers, in their order; blank ones left out.
  http::Headers headers = {};
  // basic_auth_users. Empty: no authentication.
  BasicAuthUsers users = {};
  // rate_limit. None: unlimited.
  std::optional<RateLimit> rate_limit = {};
  // What was accepted and does nothing, a line of text each.
  std::vector<std::string> ignored = {};
};

// Reads the text of a file that is in `directory` (empty or ".": the current one). Does no input or output.
//
// Throws std::invalid_argument, "line 3: field cert_fil not found in tls_server_config".
WebConfig parse_web_config(std::string_view yaml, std::string_view directory);

// Reads the file itself, up to 1 MiB, but not those that it names.
//
// Throws std::system_error, "web.yml: No such file or directory", and std::invalid_argument, "web.yml: line 3: ...".
WebConfig load_web_config(const std::string& path);

// Reads the file, and the certificates and keys that it names, as a server that starts with it would.
//
// Throws as load_web_config, and std::invalid_argument for what the files have in them.
void validate_web_config(const std::string& path);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_WEB_CONFIG_H_
