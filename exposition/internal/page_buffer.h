// SPDX-License-Identifier: Apache-2.0
//
// The end of a page that is being written, as a pointer: room is asked for once for many pieces, which are then written
// without a look at the capacity each.
//
//   char* at = page.room(name.size() + kNumberSize);
//   at = put(at, name);
//   page.wrote(write_number(at, 1.5));
#ifndef PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_PAGE_BUFFER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_PAGE_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace prometheus_async::exposition::internal {

inline char* put(char* to, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}
inline char* put(char* to, char c) noexcept {
  *to = c;
  return to + 1;
}

// Makes room for `size` bytes in all. A page of 32 MiB or more, which the allocator has from the system each time, is
// asked for in large pieces of memory where the system has them (Linux, transparent huge pages in mode madvise or
// always): to be given 68 MB in pieces of 4 KiB takes as long as to write them.
void reserve_page(std::string& page, std::size_t size);

// While it writes, the string is longer than what was written.
class PageBuffer {
 public:
  // Appends to `page`, which outlives it and is touched by nobody else before finish().
  explicit PageBuffer(std::string& page) : page_(page), at_(page.data() + page.size()), end_(at_) {}
  PageBuffer(const PageBuffer&) = delete;
  PageBuffer& operator=(const PageBuffer&) = delete;

  // Where to write up to `bytes`, and wrote() says how far it came. Pointers into the page are good until the next
  // call.
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]] {
      grow(bytes);
    }
    return at_;
  }
  void wrote(char* end) noexcept { at_ = end; }

  void append(std::string_view text) { wrote(put(room(text.size()), text)); }

  // Offsets into the page, which stay good as it grows.
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - page_.data()); }
  char* at(std::size_t offset) noexcept { return page_.data() + offset; }
  void truncate(std::size_t size) noexcept { at_ = page_.data() + size; }

  // Cuts the string to what was written.
  void finish() { page_.resize(size()); }

 private:
  void grow(std::size_t bytes);

  std::string& page_;
  char* at_;   // the end of what was written
  char* end_;  // of the string
};

}  // namespace prometheus_async::exposition::internal

#endif  // PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_PAGE_BUFFER_H_
