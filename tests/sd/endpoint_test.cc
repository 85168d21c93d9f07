// SPDX-License-Identifier: Apache-2.0
#include "sd/endpoint.h"

#include <gtest/gtest.h>

namespace prometheus_async {
namespace {

TEST(Endpoint, HeaderExample) {
  const sd::Endpoint endpoint{.address = "::", .port = 9100};
  EXPECT_TRUE(endpoint.is_wildcard());
  EXPECT_EQ(endpoint.url(), "http://[::1]:9100/metrics");
}

TEST(Endpoint, UrlOfAnAddressOrName) {
  EXPECT_EQ((sd::Endpoint{.address = "10.0.0.5", .port = 80}.url()), "http://10.0.0.5:80/metrics");
  EXPECT_EQ((sd::Endpoint{.scheme = "https", .address = "example.org", .port = 65535, .path = "/"}.url()),
            "https://example.org:65535/");
  EXPECT_EQ((sd::Endpoint{.address = "2001:db8::1", .port = 1, .path = "/a/b"}.url()), "http://[2001:db8::1]:1/a/b");
  EXPECT_EQ((sd::Endpoint{.address = "fe80::1%eth0", .port = 1}.url()), "http://[fe80::1%25eth0]:1/metrics");
}

TEST(Endpoint, WildcardBecomesTheLoopbackOfItsFamily) {
  for (const char* wildcard : {"", "0.0.0.0"}) {
    const sd::Endpoint endpoint{.address = wildcard, .port = 1};
    EXPECT_TRUE(endpoint.is_wildcard()) << wildcard;
    EXPECT_EQ(endpoint.url(), "http://127.0.0.1:1/metrics") << wildcard;
  }
  for (const char* wildcard : {"::", "::0", "0:0:0:0:0:0:0:0"}) {
    const sd::Endpoint endpoint{.address = wildcard, .port = 1};
    EXPECT_TRUE(endpoint.is_wildcard()) << wildcard;
    EXPECT_EQ(endpoint.url(), "http://[::1]:1/metrics") << wildcard;
  }
  for (const char* address : {"127.0.0.1", "::1", "0.0.0.1", "localhost"}) {
    EXPECT_FALSE((sd::Endpoint{.address = address, .port = 1}.is_wildcard())) << address;
  }
}

}  // namespace
}  // namespace prometheus_async
