// SPDX-License-Identifier: Apache-2.0

#include "aio/web/match_info.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

#include "aio/http/percent.h"

namespace prometheus_async::aio::web {

MatchInfo::MatchInfo(const internal::PathTemplate& path, std::span<const std::string_view> values) : path_(&path) {
  std::copy(values.begin(), values.end(), values_.begin());
  std::size_t escaped_size = 0;
  for (const std::string_view value : values) {
    if (value.find('%') != std::string_view::npos) escaped_size += value.size();
  }
  if (escaped_size == 0) return;
  decoded_ = std::make_unique<char[]>(escaped_size);  // decoding makes it shorter
  char* end = decoded_.get();
  std::string decoded;
  for (std::string_view& value : values_) {
    // What is no escape stays: no request has it.
    if (value.find('%') == std::string_view::npos || !http::percent_decode(value, decoded)) continue;
    value = {end, decoded.size()};
    end = std::copy(decoded.begin(), decoded.end(), end);
  }
}

std::optional<std::string_view> MatchInfo::get(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (path_->names()[i] == name) return values_[i];
  }
  return std::nullopt;
}

std::string_view MatchInfo::operator[](std::string_view name) const { return values_[index(name)]; }

std::int64_t MatchInfo::get_int(std::string_view name) const {
  return number<std::int64_t>(name, internal::SegmentPattern::Type::kInt, "int");
}

std::uint64_t MatchInfo::get_uint(std::string_view name) const {
  return number<std::uint64_t>(name, internal::SegmentPattern::Type::kUint, "uint");
}

std::vector<std::pair<std::string_view, std::string_view>> MatchInfo::items() const {
  std::vector<std::pair<std::string_view, std::string_view>> result;
  for (std::size_t i = 0; i < size(); ++i) result.emplace_back(path_->names()[i], values_[i]);
  return result;
}

std::size_t MatchInfo::index(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (path_->names()[i] == name) return i;
  }
  throw std::out_of_range("route \"" + std::string(route()) + "\" has no segment {" + std::string(name) + "}");
}

template <class Integer>
Integer MatchInfo::number(std::string_view name, internal::SegmentPattern::Type type,
                          std::string_view type_name) const {
  const std::size_t i = index(name);
  if (path_->pattern(i).type() != type) {
    throw std::logic_error("route \"" + std::string(route()) + "\": {" + std::string(name) + "} is not {" +
                           std::string(name) + ":" + std::string(type_name) + "}");
  }
  Integer value{};
  std::from_chars(values_[i].data(), values_[i].data() + values_[i].size(), value);
  return value;
}

}  // namespace prometheus_async::aio::web
