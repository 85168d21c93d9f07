// SPDX-License-Identifier: Apache-2.0
//
// The values that a path gave to the names of its route's template.
//
//   request.match_info()["name"];        // of "/users/{name}"
//   request.match_info().get_int("id");  // of "/items/{id:int}"
#ifndef PROMETHEUS_ASYNC_AIO_WEB_MATCH_INFO_H_
#define PROMETHEUS_ASYNC_AIO_WEB_MATCH_INFO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/web/path_template.h"

namespace prometheus_async::aio::web {

// Values are decoded: what was `%2F` is a slash here. Without escapes they are views of the path, and nothing is
// allocated.
//
// Lifetime: as long as the route's router and the path that was matched; in a request, as long as the request.
class MatchInfo {
 public:
  // None.
  MatchInfo() = default;
  // Values in the order of the template's names, as they stand in the path. Made by Router::match().
  MatchInfo(const internal::PathTemplate& path, std::span<const std::string_view> values);

  // The template that matched, or empty.
  std::string_view route() const { return path_ != nullptr ? std::string_view(path_->text()) : std::string_view(); }

  std::optional<std::string_view> get(std::string_view name) const;
  // Throws std::out_of_range, which names the route and the name, if the template has none of that name.
  std::string_view operator[](std::string_view name) const;

  // The value of {name:int}, {name:uint}. Cannot fail for these, whatever the path: one whose number does not fit was
  // not matched. Throws std::out_of_range as operator[], and std::logic_error for a name of any other type.
  std::int64_t get_int(std::string_view name) const;
  std::uint64_t get_uint(std::string_view name) const;

  std::size_t size() const { return path_ != nullptr ? path_->names().size() : 0; }
  // All names and values, in the template's order.
  std::vector<std::pair<std::string_view, std::string_view>> items() const;

 private:
  // Throws as operator[] does.
  std::size_t index(std::string_view name) const;
  template <class Integer>
  Integer number(std::string_view name, internal::SegmentPattern::Type type, std::string_view type_name) const;

  const internal::PathTemplate* path_ = nullptr;
  std::array<std::string_view, internal::kMaxNames> values_;
  std::unique_ptr<char[]> decoded_;  // what values with escapes are views of
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_MATCH_INFO_H_
