// SPDX-License-Identifier: Apache-2.0
//
// The query of a URL, or an urlencoded form, as a multimap in the order of the text.
//
//   Query query = parse_query("name[]=up&name[]=go_info&q=a+b");
//   query.get("q");           // "a b"
//   query.get_all("name[]");  // {"up", "go_info"}
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_QUERY_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_QUERY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::aio::http {

// Names are compared byte for byte.
class Query {
 public:
  using Item = std::pair<std::string, std::string>;

  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }

  // The value of the first item of that name; nullopt without one.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> get_all(std::string_view name) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }

  std::vector<Item>::const_iterator begin() const { return items_.begin(); }
  std::vector<Item>::const_iterator end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }

 private:
  std::vector<Item> items_;
};

// `text` without the `?`. Never fails, as in the URL standard's application/x-www-form-urlencoded parser: items are
// split at `&`, `+` is a space, a `%` that begins no escape stands for itself, bytes that are not UTF-8 stay as they
// are, an item without `=` has an empty value, and an empty item is nothing.
Query parse_query(std::string_view text);

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_QUERY_H_
