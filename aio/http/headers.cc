// SPDX-License-Identifier: Apache-2.0

#include "aio/http/headers.h"

#include <algorithm>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::http {

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

void Headers::add(std::string_view name, std::string_view value) { entries_.push_back(append(name, value)); }

void Headers::set(std::string_view name, std::string_view value) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!ascii_iequals((*this)[i].name, name)) continue;
    // Appended before anything goes: name and value may be views into this object.
    const Entry entry = append(name, value);
    const std::string_view kept = std::string_view(text_).substr(entry.begin, entry.name_size);
    for (std::size_t j = entries_.size() - 1; j > i; --j) {
      if (ascii_iequals((*this)[j].name, kept)) entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(j));
    }
    entries_[i] = entry;
    return;
  }
  add(name, value);
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(entries_, [&](const Entry& entry) {
    return ascii_iequals(std::string_view(text_).substr(entry.begin, entry.name_size), name);
  });
}

void Headers::clear() {
  text_.clear();
  entries_.clear();
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (ascii_iequals(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (ascii_iequals(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::string Headers::get_list(std::string_view name) const {
  std::string list;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (ascii_iequals(field.name, name)) list.append(list.empty() ? "" : ", ").append(field.value);
  }
  return list;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return ascii_iequals(std::string_view(text_).substr(entry.begin, entry.name_size), name);
  }));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (!ascii_iequals(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (ascii_iequals(trim_ows(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

Headers::Field Headers::operator[](std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {text.substr(entry.begin, entry.name_size), text.substr(entry.begin + entry.name_size, entry.value_size)};
}

Headers::Entry Headers::append(std::string_view name, std::string_view value) {
  const Entry entry{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())};
  if (text_.capacity() - text_.size() < name.size() + value.size()) {
    // Grown into a new string, since name and value may be views into the old one.
    std::string grown;
    grown.reserve(2 * (text_.size() + name.size() + value.size()));
    grown.append(text_).append(name).append(value);
    text_ = std::move(grown);
  } else {
    text_.append(name).append(value);
  }
  return entry;
}

}  // namespace prometheus_async::aio::http
