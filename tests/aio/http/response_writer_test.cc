// SPDX-License-Identifier: Apache-2.0

#include "aio/http/response_writer.h"

#include <optional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

std::string joined(const ResponseWriter::Parts& parts) {
  std::string bytes;
  for (const std::string_view part : parts) bytes += part;
  return bytes;
}

RequestHead request(std::string method = "GET", int minor_version = 1) {
  RequestHead head;
  head.method = std::move(method);
  head.minor_version = minor_version;
  return head;
}

TEST(ResponseWriter, WritesAsInTheHeader) {
  ResponseWriter writer;
  writer.begin(request(), 200, {{"Content-Type", "text/plain"}}, std::nullopt, {.keep_alive = true});
  EXPECT_EQ(joined(writer.piece("hello")),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  EXPECT_EQ(joined(writer.end()), "0\r\n\r\n");
  EXPECT_TRUE(writer.is_complete());
  EXPECT_TRUE(writer.keep_alive());
}

// Where it is copied and where it is left, and on the border between the two, the bytes are the same.
TEST(ResponseWriter, WritesBodiesOfAnySize) {
  for (const std::size_t size : {0u, 1u, 2047u, 2048u, 2049u, 100'000u}) {
    const std::string body(size, 'x');
    const std::string length = std::to_string(size);
    ResponseWriter writer;
    writer.begin(request(), 200, {}, size, {});
    EXPECT_EQ(joined(writer.whole(body)), "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + body);
    writer.reset();
    writer.begin(request(), 200, {}, size, {});
    EXPECT_EQ(joined(writer.piece(body)), "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + body);
    EXPECT_EQ(joined(writer.end()), "");
    writer.reset();
    writer.begin(request("GET", 0), 200, {}, std::nullopt, {});
    EXPECT_EQ(joined(writer.piece(body)), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body);
    EXPECT_FALSE(writer.keep_alive());
  }
}

TEST(ResponseWriter, WritesTheHeadOnce) {
  ResponseWriter writer;
  writer.begin(request(), 200, {}, 4, {});
  EXPECT_EQ(joined(writer.piece("")), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(joined(writer.piece("")), "");
  EXPECT_EQ(joined(writer.piece("ab")), "ab");
  EXPECT_EQ(joined(writer.piece("cd")), "cd");
  EXPECT_EQ(joined(writer.end()), "");
}

TEST(ResponseWriter, DropsABodyWhereNoneMayBe) {
  for (const auto& [method, status] : {std::pair("HEAD", 200), {"GET", 204}, {"GET", 304}}) {
    ResponseWriter writer;
    writer.begin(request(method), status, {}, std::nullopt, {});
    const std::string head = joined(writer.piece("dropped"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
    EXPECT_EQ(joined(writer.end()), "");
    EXPECT_TRUE(writer.keep_alive());
  }
  ResponseWriter writer;
  writer.begin(request("HEAD"), 200, {}, 7, {});
  EXPECT_EQ(joined(writer.whole("dropped")), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
}

TEST(ResponseWriter, KeepsToItsLength) {
  for (const std::size_t size : {4u, 5u, 6u}) {
    ResponseWriter writer;
    writer.begin(request(), 200, {}, 5, {});
    const std::string bytes(size, 'x');
    if (size > 5) {
      EXPECT_THROW(writer.piece(bytes), std::length_error);
      continue;
    }
    writer.piece(bytes);
    if (size == 5) {
      writer.end();
    } else {
      EXPECT_THROW(writer.end(), std::length_error);
    }
    EXPECT_EQ(writer.is_complete(), size == 5);
  }
}

TEST(ResponseWriter, WritesOneAnswer) {
  ResponseWriter writer;
  EXPECT_THROW(writer.piece("x"), std::logic_error);
  EXPECT_THROW(writer.end(), std::logic_error);
  writer.begin(request(), 200, {}, 1, {});
  EXPECT_THROW(writer.begin(request(), 200, {}, 1, {}), std::logic_error);
  writer.whole("x");
  EXPECT_THROW(writer.begin(request(), 200, {}, 1, {}), std::logic_error);
  EXPECT_THROW(writer.piece("x"), std::logic_error);
}

// And is as it was, for another.
TEST(ResponseWriter, RefusesAMalformedField) {
  ResponseWriter writer;
  EXPECT_THROW(writer.begin(request(), 200, {{"A", "b\r\nc"}}, 1, {}), std::invalid_argument);
  EXPECT_FALSE(writer.has_begun());
  writer.begin(request(), 500, {}, 0, {});
  EXPECT_EQ(joined(writer.whole("")), "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseWriter, ClosesIfEitherSideWants) {
  ResponseWriter writer;
  writer.begin(request(), 200, {}, 0, {.keep_alive = false});
  EXPECT_FALSE(writer.keep_alive());
  writer.reset();
  writer.begin(request(), 200, {{"connection", "x, Close"}}, 0, {.keep_alive = true});
  EXPECT_FALSE(writer.keep_alive());
  EXPECT_EQ(writer.head(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace prometheus_async::aio::http
