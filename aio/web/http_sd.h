// SPDX-License-Identifier: Apache-2.0
//
// A page of targets for Prometheus' http_sd_configs: the servers of this process, a Consul catalog, or what a function
// of your own knows.
//
//   sd::TargetDirectory directory;
//   app.router().add_get("/targets", web::http_sd(directory));
#ifndef PROMETHEUS_ASYNC_AIO_WEB_HTTP_SD_H_
#define PROMETHEUS_ASYNC_AIO_WEB_HTTP_SD_H_

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "aio/web/handler.h"
#include "sd/target_group.h"

namespace prometheus_async::aio::web {

using TargetGroups = std::vector<sd::TargetGroup>;

// What has targets to tell, at once or awaited: sd::TargetDirectory and sd::ConsulCatalog do.
template <class T>
concept TargetSource = requires(const T& source) {
  { source.groups() } -> std::same_as<TargetGroups>;
} || requires(const T& source) {
  { source.groups() } -> std::same_as<asio::awaitable<TargetGroups>>;
};

// The same as a function.
template <class F>
concept TargetFunction =
    std::is_invocable_r_v<asio::awaitable<TargetGroups>, F&> || std::is_invocable_r_v<TargetGroups, F&>;

namespace internal {
Handler make_http_sd(std::function<asio::awaitable<TargetGroups>()> ask);
}  // namespace internal

// The handler. A request gets all targets there are at that time: 200, application/json, "[]" for none, and
// `Cache-Control: no-store`. It keeps a copy of the source, and is called on each thread that serves, several times at
// once, as handlers are.
//
// A source that throws makes it 503, upon which Prometheus goes on with the targets that it has. The body says why: the
// first line of the exception's what(), at most 300 bytes. The errors of sd have no secret in theirs; let a function of
// your own have none either.
template <TargetSource S>
Handler http_sd(S source) {
  return internal::make_http_sd([source = std::move(source)]() -> asio::awaitable<TargetGroups> {
    if constexpr (std::same_as<decltype(source.groups()), TargetGroups>) {
      co_return source.groups();
    } else {
      co_return co_await source.groups();
    }
  });
}
template <TargetFunction F>
Handler http_sd(F function) {
  return internal::make_http_sd([function = std::move(function)]() mutable -> asio::awaitable<TargetGroups> {
    if constexpr (std::is_invocable_r_v<TargetGroups, F&>) {
      co_return function();
    } else {
      co_return co_await function();
    }
  });
}

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_HTTP_SD_H_
