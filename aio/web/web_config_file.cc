// SPDX-License-Identifier: Apache-2.0

#include "aio/web/web_config_file.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "aio/net/tls.h"
#include "aio/web/basic_auth.h"
#include "aio/web/rate_limiter.h"
#include "aio/web/response.h"
#include "metrics/function.h"

namespace prometheus_async::aio::web {
namespace {

// A version of the file, and what works by it.
struct Version {
  WebConfig config;
  std::optional<net::TlsCredentials> tls;
  std::shared_ptr<BasicAuth> auth;       // null without users
  std::shared_ptr<RateLimiter> limiter;  // null without a limit
};

Response too_many_requests(const RateLimit& limit) {
  Response response = text("Too Many Requests\n", 429);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limit.interval).count();
  response.headers.set("Retry-After", std::to_string(seconds));
  return response;
}

// Makes the versions, each with what it has in common with the one before.
class VersionMaker {
 public:
  VersionMaker(std::string path, net::ReloadOptions reload) : path_(std::move(path)), reload_(std::move(reload)) {}

  std::shared_ptr<const Version> operator()(const std::vector<net::WatchedFile>& files) {
    const net::WatchedFile& file = files.front();
    if (file.error != 0) throw std::system_error(file.error, std::generic_category(), path_);
    try {
      last_ = make(parse_web_config(file.content, std::filesystem::path(path_).parent_path().string()));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(path_ + ": " + error.what());
    }
    for (const std::string& line : last_->config.ignored) reload_.log(path_ + ": " + line);
    return last_;
  }

 private:
  std::shared_ptr<const Version> make(WebConfig config) const {
    auto version = std::make_shared<Version>();
    if (last_ && last_->config.tls.has_value() != config.tls.has_value()) {
      throw std::invalid_argument("going from TLS to plain HTTP or back takes a restart");
    }
    if (config.tls) {
      if (last_ && last_->config.tls == config.tls) {
        version->tls = last_->tls;
      } else {
        version->tls.emplace(*config.tls, reload_);
      }
    }
    if (!config.users.empty()) {
      const bool is_known = last_ && last_->config.users == config.users;
      version->auth = is_known ? last_->auth : std::make_shared<BasicAuth>(config.users);
    }
    if (config.rate_limit) {
      const bool is_known = last_ && last_->config.rate_limit == config.rate_limit;
      version->limiter = is_known ? last_->limiter : std::make_shared<RateLimiter>(*config.rate_limit);
    }
    version->config = std::move(config);
    return version;
  }

  const std::string path_;
  const net::ReloadOptions reload_;
  std::shared_ptr<const Version> last_;
};

}  // namespace

struct WebConfigFile::State {
  State(const std::string& path, const net::ReloadOptions& reload)
      : now(reload.now), versions({path}, VersionMaker(path, reload), reload) {}

  static asio::awaitable<Response> guard(std::shared_ptr<State> state, Request& request, Next next) {
    const std::shared_ptr<const Version> version = state->versions.current();
    if (version->limiter && !version->limiter->allow(state->now())) {
      co_return too_many_requests(version->limiter->limit());
    }
    if (version->auth) {
      std::optional<Response> refusal = co_await version->auth->refusal(request);
      if (refusal) co_return std::move(*refusal);
    }
    co_return co_await next(request);
  }

  const std::function<net::ReloadOptions::Clock::time_point()> now;
  net::Reloading<const Version> versions;
};

WebConfigFile::WebConfigFile(std::string path, net::ReloadOptions reload)
    : state_(std::make_shared<State>(path, reload)) {}

std::shared_ptr<const WebConfig> WebConfigFile::current() const {
  std::shared_ptr<const Version> version = state_->versions.current();
  const WebConfig* const config = &version->config;
  return {std::move(version), config};
}

net::ReloadState WebConfigFile::state() const {
  const std::shared_ptr<const Version> version = state_->versions.current();  // looks at the file
  const net::ReloadState state = state_->versions.state();
  if (!version->tls) return state;
  const net::ReloadState tls = version->tls->state();
  return {.is_last_successful = state.is_last_successful && tls.is_last_successful,
          .last_success = std::max(state.last_success, tls.last_success)};
}

void WebConfigFile::show_state(metrics::Registry& registry, const std::string& prefix) const {
  metrics::FunctionHandle successful = registry.gauge_function(
      prefix + "config_last_reload_successful", "Whether the last configuration reload attempt was successful.",
      [file = *this] { return file.state().is_last_successful ? 1.0 : 0.0; });
  metrics::FunctionHandle time = registry.gauge_function(
      prefix + "config_last_reload_success_timestamp_seconds", "Timestamp of the last successful configuration reload.",
      [file = *this] { return std::chrono::duration<double>(file.state().last_success.time_since_epoch()).count(); });
  successful.detach();
  time.detach();
}

net::TlsProvider WebConfigFile::tls_provider() const {
  if (!state_->versions.current()->tls) return nullptr;
  return [state = state_] { return state->versions.current()->tls->current(); };
}

Middleware WebConfigFile::middleware() const {
  return [state = state_](Request& request, Next next) { return State::guard(state, request, next); };
}

ResponsePrepare WebConfigFile::response_prepare() const {
  return [state = state_](const Request&, Response& response) {
    const std::shared_ptr<const Version> version = state->versions.current();
    const http::Headers& headers = version->config.headers;
    for (std::size_t i = 0; i < headers.size(); ++i) response.headers.set(headers[i].name, headers[i].value);
  };
}

void WebConfigFile::apply(Application& app) const {
  app.use(middleware());
  app.on_response_prepare(response_prepare());
}

}  // namespace prometheus_async::aio::web
