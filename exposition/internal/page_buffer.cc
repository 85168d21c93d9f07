// SPDX-License-Identifier: Apache-2.0
#include "exposition/internal/page_buffer.h"

#include <algorithm>

namespace prometheus_async::exposition::internal {
namespace {

// A string can be made longer only by zeros. In pieces, so that they are still in the first-level cache when the text
// takes their place.
constexpr std::size_t kPiece = 16 * 1024;

constexpr std::size_t kSmallest = 1024;  // a family or two

}  // namespace

void PageBuffer::grow(std::size_t bytes) {
  const std::size_t written = size();
  page_.resize(written);
  if (written + bytes > page_.capacity()) page_.reserve(std::max({written + bytes, 2 * page_.capacity(), kSmallest}));
  page_.resize(std::min(written + std::max(bytes, kPiece), page_.capacity()));
  at_ = page_.data() + written;
  end_ = page_.data() + page_.size();
}

}  // namespace prometheus_async::exposition::internal
