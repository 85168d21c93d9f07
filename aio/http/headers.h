// SPDX-License-Identifier: Apache-2.0
//
// The header fields of a message: a multimap that keeps the order of insertion and compares names without case.
//
//   Headers headers{{"Content-Type", "text/plain"}};
//   headers.add("Vary", "Accept");
//   headers.get("content-type");          // "text/plain"
//   headers.has_token("vary", "accept");  // true
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_HEADERS_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_HEADERS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::aio::http {

// All text lies in one string, so that a message costs two allocations at most and a cleared object, which keeps its
// memory, none. Lookups are linear: a request has a dozen fields.
//
// Nothing is checked here. The request parser admits no malformed field, and the response writer refuses one.
//
// Views given out stay valid until the next change.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  // Appends a field, beside others of that name.
  void add(std::string_view name, std::string_view value);
  // Makes this the only field of that name, at the place of the first.
  void set(std::string_view name, std::string_view value);
  // The number of fields that went.
  std::size_t remove(std::string_view name);
  // Keeps the memory.
  void clear();

  // The value of the first field of that name; nullopt without one.
  std::optional<std::string_view> get(std::string_view name) const;
  // The values of every field of that name, in order.
  std::vector<std::string_view> get_all(std::string_view name) const;
  // The same as one list, with ", " between them, which is what several fields of one name mean (RFC 9110 5.2); empty
  // without one.
  std::string get_list(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }
  // Whether a comma-separated list, which may be spread over several fields, has this token. Without case.
  bool has_token(std::string_view name, std::string_view token) const;

  // Fields by position, 0 <= index < size().
  Field operator[](std::size_t index) const;
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {  // [begin, begin + name_size) is the name; the value follows it.
    std::uint32_t begin;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };

  Entry append(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_HEADERS_H_
