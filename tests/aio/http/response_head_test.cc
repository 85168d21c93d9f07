// SPDX-License-Identifier: Apache-2.0

#include "aio/http/response_head.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

std::string head(Status status, const Headers& headers, const ResponseFraming& framing) {
  std::string out;
  append_response_head(out, status, headers, framing);
  return out;
}

TEST(ResponseHead, ReadsAsInTheHeader) {
  std::string out;
  append_response_head(out, 200, {{"Content-Type", "text/plain"}}, {.content_length = 5});
  out += "hello";
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(ResponseHead, SaysWhatTheConnectionDoes) {
  EXPECT_EQ(head(200, {}, {.keep_alive = false}), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head(200, {}, {.keep_alive = true, .is_http10 = true}),
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(head(200, {}, {.keep_alive = false, .is_http10 = true}), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head(200, {}, {.date = "today"}), "HTTP/1.1 200 OK\r\nDate: today\r\n\r\n");
}

TEST(ResponseHead, SaysThatTheBodyComesInChunks) {
  EXPECT_EQ(head(200, {}, {.chunked = true}), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(head(204, {}, {.chunked = true}), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ResponseHead, LeavesFramingToTheConnection) {
  const Headers headers{{"content-length", "7"}, {"Transfer-Encoding", "chunked"}, {"Date", "x"}, {"CONNECTION", "x"}};
  EXPECT_EQ(head(200, headers, {.content_length = 5}), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST(ResponseHead, HasNoLengthWhereNoBodyMayBe) {
  for (const int status : {100, 199, 204, 304}) {
    EXPECT_EQ(head(status, {}, {.content_length = 5}).find("Content-Length"), std::string::npos) << status;
  }
  EXPECT_NE(head(205, {}, {.content_length = 0}).find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(ResponseHead, RefusesWhatCouldBreakOutOfItsLine) {
  for (const std::string& value : {std::string("a\r\nb"), std::string("a\nb"), std::string("a\rb"),
                                   std::string("a\0b", 3), std::string("\x1b"), std::string("\x7f")}) {
    std::string out = "kept";
    EXPECT_THROW(append_response_head(out, 200, {{"A", "1"}, {"X-Evil", value}}, {}), std::invalid_argument) << value;
    EXPECT_EQ(out, "kept");
  }
  for (const std::string name : {"", "a b", "a:", "a\r\n", "é"}) {
    EXPECT_THROW(head(200, {{name, "1"}}, {}), std::invalid_argument) << name;
  }
  EXPECT_EQ(head(200, {{"A", "tab\tand \xc3\xa9"}}, {}), "HTTP/1.1 200 OK\r\nA: tab\tand \xc3\xa9\r\n\r\n");
}

TEST(ResponseHead, NamesTheFieldThatIsRefused) {
  try {
    head(200, {{"X-Evil", "a\nb"}}, {});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "response header \"X-Evil\": control byte in the value");
  }
}

TEST(Status, KnowsItsReason) {
  EXPECT_EQ(Status(404).reason(), "Not Found");
  EXPECT_EQ(Status(299).reason(), "Unknown");
  EXPECT_EQ(Status(404), 404);
}

TEST(Status, HasThreeDigits) {
  EXPECT_EQ(Status(100).code(), 100);
  EXPECT_EQ(Status(999).code(), 999);
  EXPECT_THROW(Status(99), std::invalid_argument);
  EXPECT_THROW(Status(1000), std::invalid_argument);
}

}  // namespace
}  // namespace prometheus_async::aio::http
