// SPDX-License-Identifier: Apache-2.0
#include "exposition/internal/page_buffer.h"

#include <algorithm>
#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace prometheus_async::exposition::internal {
namespace {

// A string can be made longer only by zeros. In pieces, so that they are still in the first-level cache when the text
// takes their place.
constexpr std::size_t kPiece = 16 * 1024;

constexpr std::size_t kSmallest = 1024;  // a family or two

// From here on glibc maps every block, however large the ones freed before were (DEFAULT_MMAP_THRESHOLD_MAX).
[[maybe_unused]] constexpr std::size_t kMapped = 32 * 1024 * 1024;

// The size of a huge page of x86-64, and of others a multiple of what madvise() takes.
[[maybe_unused]] constexpr std::uintptr_t kHugePage = 2 * 1024 * 1024;

}  // namespace

void reserve_page(std::string& page, std::size_t size) {
  if (size <= page.capacity()) return;
  page.reserve(size);
#ifdef __linux__
  if (size < kMapped) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(page.data());
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t last = (begin + size) / kHugePage * kHugePage;
  // An advice: a kernel without huge pages refuses it, and the page is written all the same.
  ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

void PageBuffer::grow(std::size_t bytes) {
  const std::size_t written = size();
  page_.resize(written);
  if (written + bytes > page_.capacity()) {
    reserve_page(page_, std::max({written + bytes, 2 * page_.capacity(), kSmallest}));
  }
  page_.resize(std::min(written + std::max(bytes, kPiece), page_.capacity()));
  at_ = page_.data() + written;
  end_ = page_.data() + page_.size();
}

}  // namespace prometheus_async::exposition::internal
