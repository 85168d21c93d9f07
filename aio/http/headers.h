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

#include "absl/container/inlined_vector.h"

#include "aio/http/inline_text.h"

namespace prometheus_async::aio::http {

// Whether a comma-separated list has this token. Without case.
bool list_has_token(std::string_view list, std::string_view token);

// Four fields of some 25 bytes each lie in the object itself. Those of a larger message take two allocations, and none
// again after a clear(), which keeps the memory. Lookups are linear: a request has a dozen fields.
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
  Headers(const Headers& other);
  Headers& operator=(const Headers& other);
  // What was moved from is empty.
  Headers(Headers&& other) noexcept;
  Headers& operator=(Headers&& other) noexcept;
  ~Headers();

  // Appends a field, beside others of that name.
  void add(std::string_view name, std::string_view value);
  // Makes this the only field of that name, at the place of the first.
  void set(std::string_view name, std::string_view value);
  // The number of fields that went.
  std::size_t remove(std::string_view name);
  // Keeps the memory, of which there may be much: see shrink().
  void clear();
  // Gives memory outside of the object back, if this is empty and that more than `most` bytes.
  void shrink(std::size_t most);

  // The value of the first field of that name; nullopt without one.
  std::optional<std::string_view> get(std::string_view name) const;
  // The values of every field of that name, in order.
  std::vector<std::string_view> get_all(std::string_view name) const;
  // The same as one list, with ", " between them, which is what several fields of one name mean (RFC 9110 5.2); empty
  // without one.
  std::string get_list(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }
  // The same of the list of get_list().
  bool has_token(std::string_view name, std::string_view token) const;

  // Fields by position, 0 <= index < size().
  Field operator[](std::size_t index) const { return {name_of(entries_[index]), value_of(entries_[index])}; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {  // [begin, begin + name_size) is the name; the value follows it.
    std::uint32_t begin;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };

  Entry append(std::string_view name, std::string_view value);
  std::string_view part(std::size_t begin, std::size_t size) const { return {text_.data() + begin, size}; }
  std::string_view name_of(const Entry& entry) const { return part(entry.begin, entry.name_size); }
  std::string_view value_of(const Entry& entry) const { return part(entry.begin + entry.name_size, entry.value_size); }

  InlineText text_;
  absl::InlinedVector<Entry, 4> entries_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_HEADERS_H_
