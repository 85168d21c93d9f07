// SPDX-License-Identifier: Apache-2.0
//
// Memory in which an object's pending operation is kept, in place of the heap.
//
//   HandlerMemory memory;
//   asio::async_read(socket, buffer, asio::bind_allocator(HandlerAllocator<char>(memory), handler));
#ifndef PROMETHEUS_ASYNC_AIO_NET_HANDLER_MEMORY_H_
#define PROMETHEUS_ASYNC_AIO_NET_HANDLER_MEMORY_H_

#include <cstddef>
#include <new>
#include <utility>

namespace prometheus_async::aio::net {

// Asio keeps the memory of two ended operations a thread for the next; what begins many before the first has ended, as
// a loop with many busy connections does, would go to the heap for the rest.
//
// One operation at a time; a second one, or one that is too large, is given memory from the heap. Threads: one at a
// time. Lifetime: as long as the operation; Asio gives memory back before it calls, or destroys, the handler.
class HandlerMemory {
 public:
  HandlerMemory() = default;

  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* allocate(std::size_t size) {
    if (size > sizeof(bytes_) || std::exchange(is_used_, true)) return ::operator new(size);
    return bytes_;
  }
  void deallocate(void* memory) {
    if (memory != bytes_) return ::operator delete(memory);
    is_used_ = false;
  }

 private:
  alignas(std::max_align_t) std::byte bytes_[512];
  bool is_used_ = false;
};

template <typename T>
class HandlerAllocator {
 public:
  using value_type = T;

  explicit HandlerAllocator(HandlerMemory& memory) : memory_(&memory) {}
  template <typename U>
  HandlerAllocator(const HandlerAllocator<U>& other) : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { memory_->deallocate(memory); }

  friend bool operator==(const HandlerAllocator&, const HandlerAllocator&) = default;

 private:
  template <typename U>
  friend class HandlerAllocator;

  HandlerMemory* memory_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_HANDLER_MEMORY_H_
