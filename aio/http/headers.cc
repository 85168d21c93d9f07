// SPDX-License-Identifier: Apache-2.0

#include "aio/http/headers.h"

#include <algorithm>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::http {

bool list_has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (ascii_iequals(trim_ows(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

// Not in the header: g++ 12 takes the unused part of an InlinedVector for uninitialized where it inlines these.
Headers::Headers(const Headers& other) = default;
Headers& Headers::operator=(const Headers& other) = default;
Headers::~Headers() = default;

Headers::Headers(Headers&& other) noexcept : text_(std::move(other.text_)), entries_(std::move(other.entries_)) {
  other.clear();
}

Headers& Headers::operator=(Headers&& other) noexcept {
  if (this == &other) return *this;
  text_ = std::move(other.text_);
  entries_ = std::move(other.entries_);
  other.clear();
  return *this;
}

void Headers::add(std::string_view name, std::string_view value) { entries_.push_back(append(name, value)); }

void Headers::set(std::string_view name, std::string_view value) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!ascii_iequals((*this)[i].name, name)) continue;
    // Appended before anything goes: name and value may be views into this object.
    const Entry entry = append(name, value);
    for (std::size_t j = entries_.size() - 1; j > i; --j) {
      if (ascii_iequals((*this)[j].name, name_of(entry)))
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(j));
    }
    entries_[i] = entry;
    return;
  }
  add(name, value);
}

std::size_t Headers::remove(std::string_view name) {
  const auto gone = std::remove_if(entries_.begin(), entries_.end(),
                                   [&](const Entry& entry) { return ascii_iequals(name_of(entry), name); });
  const auto count = static_cast<std::size_t>(entries_.end() - gone);
  entries_.erase(gone, entries_.end());
  return count;
}

void Headers::clear() {  // absl's clear() would give the memory back
  text_.clear();
  entries_.resize(0);
}

void Headers::shrink(std::size_t most) {
  if (!entries_.empty() || text_.capacity() + entries_.capacity() * sizeof(Entry) <= most) return;
  text_.shrink();
  entries_.shrink_to_fit();
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (ascii_iequals(name_of(entry), name)) return value_of(entry);
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Entry& entry : entries_) {
    if (ascii_iequals(name_of(entry), name)) values.push_back(value_of(entry));
  }
  return values;
}

std::string Headers::get_list(std::string_view name) const {
  std::string list;
  for (const Entry& entry : entries_) {
    if (ascii_iequals(name_of(entry), name)) list.append(list.empty() ? "" : ", ").append(value_of(entry));
  }
  return list;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(), [&](const Entry& entry) { return ascii_iequals(name_of(entry), name); }));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const Entry& entry : entries_) {
    if (ascii_iequals(name_of(entry), name) && list_has_token(value_of(entry), token)) return true;
  }
  return false;
}

Headers::Entry Headers::append(std::string_view name, std::string_view value) {
  const std::size_t begin = text_.view().size();
  text_.append(name, value);
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(name.size()),
          static_cast<std::uint32_t>(value.size())};
}

}  // namespace prometheus_async::aio::http
