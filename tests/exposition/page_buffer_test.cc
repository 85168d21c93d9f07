// SPDX-License-Identifier: Apache-2.0
#include "exposition/internal/page_buffer.h"

#include <cstddef>
#include <string>

#include "gtest/gtest.h"

namespace prometheus_async::exposition::internal {
namespace {

constexpr std::size_t kMapped = 32 * 1024 * 1024;

TEST(ReservePage, KeepsWhatIsThere) {
  for (const std::size_t size : {std::size_t{100}, kMapped - 1, kMapped, kMapped + 1, 2 * kMapped}) {
    std::string page = "before";
    reserve_page(page, size);
    EXPECT_GE(page.capacity(), size);
    EXPECT_EQ(page, "before");
    page.resize(size, 'x');
    EXPECT_EQ(page.front(), 'b');
    EXPECT_EQ(page.back(), 'x');
  }
}

TEST(ReservePage, LeavesAPageThatHasTheRoom) {
  std::string page(1000, 'x');
  const char* const data = page.data();
  reserve_page(page, 1000);
  reserve_page(page, 0);
  EXPECT_EQ(page.data(), data);
}

// Over the size from which memory is asked for otherwise.
TEST(PageBuffer, GrowsOverEverySizeWithoutLoss) {
  const std::string piece(999'983, 'x');
  std::string page = "before";
  PageBuffer buffer(page);
  std::size_t size = page.size();
  for (int i = 0; i < 80; ++i, size += piece.size() + 1) {
    buffer.append(piece);
    buffer.append("\n");
  }
  buffer.finish();
  ASSERT_EQ(page.size(), size);
  EXPECT_EQ(page.substr(0, 6), "before");
  for (std::size_t at = 6; at < page.size(); at += piece.size() + 1) {
    ASSERT_EQ(page.compare(at, piece.size(), piece), 0) << at;
    ASSERT_EQ(page[at + piece.size()], '\n') << at;
  }
}

}  // namespace
}  // namespace prometheus_async::exposition::internal
