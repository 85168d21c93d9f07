// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/recycler.h"

namespace prometheus_async::tx::internal {

struct Recycler::AtThreadEnd {
  ~AtThreadEnd() {
    limit_ = 0;
    has_ended_ = true;
    for (Class& of_size : classes_) {
      while (Block* const block = of_size.first) {
        of_size.first = block->next;
        ::operator delete(block);
      }
      of_size.count = 0;
    }
  }
};

void Recycler::free_first(void* memory) noexcept {
  ::operator delete(memory);
  if (has_ended_) return;
  static thread_local const AtThreadEnd at_thread_end;
  limit_ = kKept;
}

}  // namespace prometheus_async::tx::internal
