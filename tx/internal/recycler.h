// SPDX-License-Identifier: Apache-2.0
//
// Memory for chains, their steps and coroutine frames: freed blocks are kept on the thread that freed them and used
// again there.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_RECYCLER_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_RECYCLER_H_

#include <array>
#include <cstddef>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define PROMETHEUS_ASYNC_TX_RECYCLES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define PROMETHEUS_ASYNC_TX_RECYCLES 0
#endif
#endif
#ifndef PROMETHEUS_ASYNC_TX_RECYCLES
#define PROMETHEUS_ASYNC_TX_RECYCLES 1  // 0 under sanitizers, which would not see a use after it was freed
#endif

namespace prometheus_async::tx::internal {

// Blocks of up to kLargest bytes in classes of kStep bytes; larger ones come from operator new.
class Recycler {
 public:
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kLargest = 1024;
  static constexpr unsigned kKept = 64;  // blocks of a class that a thread keeps: at most half a megabyte in all

  static void* allocate(std::size_t size) {
    if constexpr (PROMETHEUS_ASYNC_TX_RECYCLES) {
      if (size <= kLargest) {
        Class& of_size = classes_[(size - 1) / kStep];
        if (Block* const block = of_size.first) {
          of_size.first = block->next;
          --of_size.count;
          return block;
        }
        return ::operator new((size + kStep - 1) / kStep * kStep);
      }
    }
    return ::operator new(size);
  }

  static void free(void* memory, std::size_t size) noexcept {
    if constexpr (PROMETHEUS_ASYNC_TX_RECYCLES) {
      if (size <= kLargest) {
        Class& of_size = classes_[(size - 1) / kStep];
        if (of_size.count < limit_) {
          of_size.first = ::new (memory) Block{of_size.first};
          ++of_size.count;
          return;
        }
        if (limit_ == 0) return free_first(memory);
      }
    }
    ::operator delete(memory);
  }

 private:
  struct Block {
    Block* next;
  };
  struct Class {
    Block* first;
    unsigned count;
  };
  struct AtThreadEnd;

  // The first block that a thread frees, and those freed while it ends.
  static void free_first(void* memory) noexcept;

  // Without constructors, so that a use needs no check whether they were run.
  static inline constinit thread_local std::array<Class, kLargest / kStep> classes_{};
  static inline constinit thread_local unsigned limit_ = 0;
  static inline constinit thread_local bool has_ended_ = false;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_RECYCLER_H_
