// SPDX-License-Identifier: Apache-2.0
//
// The bytes that a connection has received and not yet used.
//
//   buffer.commit(read(fd, buffer.prepare().data(), buffer.prepare().size()));
//   buffer.consume(parser.parse(buffer.bytes()).consumed);
#ifndef PROMETHEUS_ASYNC_AIO_NET_READ_BUFFER_H_
#define PROMETHEUS_ASYNC_AIO_NET_READ_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace prometheus_async::aio::net {

// One block of memory, which doubles when it is full of unused bytes; the parser's limits bound how many these are.
class ReadBuffer {
 public:
  // What is to be used. Valid until the next prepare(): consumed bytes stay where they are until then.
  std::string_view bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t size) { begin_ += size; }

  // Room for at least one byte after bytes(); what is written there is added by commit().
  std::span<char> prepare() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == capacity_) make_room();
    return {memory_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t size) { end_ += size; }

  // Gives memory beyond the first block back, if nothing is to be used.
  void shrink() {
    if (begin_ == end_ && capacity_ > kBlock) *this = ReadBuffer();
  }

 private:
  static constexpr std::size_t kBlock = 4096;  // one page: a usual request is a tenth of it

  void make_room() {
    const std::string_view unused = bytes();
    if (begin_ >= capacity_ / 2 && capacity_ > 0) {
      std::memmove(memory_.get(), unused.data(), unused.size());
    } else {
      const std::size_t capacity = capacity_ == 0 ? kBlock : 2 * capacity_;
      auto memory = std::make_unique_for_overwrite<char[]>(capacity);
      if (!unused.empty()) std::memcpy(memory.get(), unused.data(), unused.size());
      memory_ = std::move(memory);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = unused.size();
  }

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_READ_BUFFER_H_
