// SPDX-License-Identifier: Apache-2.0
//
// Bytes that grow at their end, of which few need memory.
//
//   InlineText text;
//   text.append("Host", "example.com");
//   text.view();  // "Hostexample.com"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_INLINE_TEXT_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_INLINE_TEXT_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace prometheus_async::aio::http {

// A string whose first 96 bytes lie in the object: as a vector of characters with inlined memory, without the zeros
// that this writes to what is overwritten at once.
class InlineText {
 public:
  InlineText() {}  // leaves inline_ as it is
  InlineText(const InlineText& other) { append(other.view(), {}); }
  InlineText& operator=(const InlineText& other) {
    if (this == &other) return *this;
    clear();
    append(other.view(), {});
    return *this;
  }
  // What was moved from is empty.
  InlineText(InlineText&& other) noexcept { take(other); }
  InlineText& operator=(InlineText&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ~InlineText() = default;

  // Either may be a view into this.
  void append(std::string_view first, std::string_view second) {
    const std::size_t size = size_ + first.size() + second.size();
    std::unique_ptr<char[]> grown;  // holds the old memory then, to the end of the call
    if (size > capacity_) {
      grown = std::make_unique_for_overwrite<char[]>(2 * size);
      std::memcpy(grown.get(), data(), size_);
      memory_.swap(grown);
      capacity_ = 2 * size;
    }
    char* out = memory_ ? memory_.get() : inline_;
    std::memcpy(out + size_, first.data(), first.size());
    std::memcpy(out + size_ + first.size(), second.data(), second.size());
    size_ = size;
  }
  // Keeps the memory: see shrink().
  void clear() { size_ = 0; }
  // Gives the memory outside of the object back. REQUIRES: empty.
  void shrink() {
    memory_.reset();
    capacity_ = sizeof(inline_);
  }

  std::string_view view() const { return {data(), size_}; }
  const char* data() const { return memory_ ? memory_.get() : inline_; }
  // Bytes until the next memory.
  std::size_t capacity() const { return capacity_; }

 private:
  void take(InlineText& other) {
    memory_ = std::move(other.memory_);
    if (!memory_) std::memcpy(inline_, other.inline_, sizeof(inline_));
    capacity_ = std::exchange(other.capacity_, sizeof(inline_));
    size_ = std::exchange(other.size_, 0);
  }

  std::unique_ptr<char[]> memory_;  // null: inline_
  std::size_t size_ = 0;
  std::size_t capacity_ = sizeof(inline_);
  char inline_[96];
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_INLINE_TEXT_H_
