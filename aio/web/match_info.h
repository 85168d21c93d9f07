// SPDX-License-Identifier: Apache-2.0
//
// The values that a path gave to the `{name}` segments of its route.
//
//   request.match_info()["name"];
#ifndef PROMETHEUS_ASYNC_AIO_WEB_MATCH_INFO_H_
#define PROMETHEUS_ASYNC_AIO_WEB_MATCH_INFO_H_

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::aio::web {

class MatchInfo {
 public:
  // The template that matched, or empty. Names are the route's: valid while its application lives.
  std::string_view route() const { return route_; }

  std::optional<std::string_view> get(std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return value;
    }
    return std::nullopt;
  }

  // Throws std::out_of_range that names the segment if the route has none of that name.
  std::string_view operator[](std::string_view name) const {
    if (const auto value = get(name)) return *value;
    throw std::out_of_range("route \"" + std::string(route_) + "\" has no segment {" + std::string(name) + "}");
  }

  std::size_t size() const { return values_.size(); }

 private:
  friend class Router;

  std::string_view route_;
  std::vector<std::pair<std::string_view, std::string>> values_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_MATCH_INFO_H_
