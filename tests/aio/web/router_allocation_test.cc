// SPDX-License-Identifier: Apache-2.0
//
// How often a match goes to the heap, counted by an operator new of this program's own.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

#include <gtest/gtest.h>

#include "aio/web/router.h"

namespace {
long allocations = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace prometheus_async::aio::web {
namespace {

Response hello(Request&) { return text("hello"); }

long count(const Router& router, std::string_view method, std::string_view path) {
  const long before = allocations;
  const Match match = router.match(method, path);
  return allocations - before;
}

TEST(RouterAllocations, NoneButForEscapesAndForWhatHasNoRoute) {
  Router router;
  router.add_get("/a/long/path/of/text/that/no/string/keeps/in/place", hello);
  router.add_get("/users/{id:int}/files/{file:[a-z]+}/{path:.*}", hello);
  router.add_get("/users/{name}", hello);
  EXPECT_EQ(count(router, "GET", "/a/long/path/of/text/that/no/string/keeps/in/place"), 0);
  EXPECT_EQ(count(router, "HEAD", "/a/long/path/of/text/that/no/string/keeps/in/place"), 0);
  EXPECT_EQ(count(router, "GET", "/users/1234567890123456789/files/abcdefghijklmnopqrstuvwxyz/x/y/z"), 0);
  EXPECT_EQ(count(router, "GET", "/nothing/here"), 0);
  EXPECT_GT(count(router, "GET", "/users/a%2Fb"), 0);
  EXPECT_GT(count(router, "POST", "/users/a"), 0);
}

}  // namespace
}  // namespace prometheus_async::aio::web
