// SPDX-License-Identifier: Apache-2.0

#include "aio/http/request_parser.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

using Event = RequestParser::Event;

constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: a\r\n";

// Feeds a parser as a connection does and writes down what comes out: for each request "METHOD PATH", "(BODY)" and "."
// at its end; "STATUS reason" for a refusal; "..." if it waits for more. Pieces of a body are joined, so that the
// transcript does not depend on how the bytes were split.
class Transcript {
 public:
  explicit Transcript(const RequestLimits& limits) : parser_(limits) {}

  void feed(std::string_view bytes) {
    buffer_.append(bytes);
    while (!is_over_) {
      const RequestParser::Result result = parser_.parse(buffer_);
      EXPECT_LE(result.consumed, buffer_.size());
      body_.append(result.body);
      EXPECT_EQ(result.event == Event::kBody, !result.body.empty());
      buffer_.erase(0, result.consumed);
      if (result.event == Event::kNeedMore) return;
      if (result.event == Event::kHead) {
        text_ += parser_.head().method + " " + std::string(parser_.head().target.path());
      }
      if (result.event == Event::kComplete) {
        text_ += (body_.empty() ? "" : " (" + body_ + ")") + ". ";
        body_.clear();
        parser_.reset();
      }
      if (result.event == Event::kError) {
        text_ += std::to_string(parser_.error().status.code()) + " " + std::string(parser_.error().reason);
        is_over_ = true;
        EXPECT_EQ(parser_.parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").event, Event::kError);
      }
    }
  }

  std::string text() const { return text_ + (is_over_ || !parser_.has_begun() ? "" : "..."); }

 private:
  RequestParser parser_;
  std::string buffer_;
  std::string body_;
  std::string text_;
  bool is_over_ = false;
};

std::string whole(std::string_view bytes, const RequestLimits& limits = {}) {
  Transcript transcript(limits);
  transcript.feed(bytes);
  return transcript.text();
}

std::string byte_by_byte(std::string_view bytes, const RequestLimits& limits = {}) {
  Transcript transcript(limits);
  for (std::size_t i = 0; i < bytes.size(); ++i) transcript.feed(bytes.substr(i, 1));
  return transcript.text();
}

// What the parser makes of the bytes, having made sure that it makes the same of them in any two pieces.
std::string parse(std::string_view bytes, const RequestLimits& limits = {}) {
  const std::string expected = whole(bytes, limits);
  EXPECT_EQ(byte_by_byte(bytes, limits), expected) << bytes;
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    Transcript transcript(limits);
    transcript.feed(bytes.substr(0, i));
    transcript.feed(bytes.substr(i));
    EXPECT_EQ(transcript.text(), expected) << "split at " << i << ": " << bytes;
  }
  return expected;
}

// A request with these lines after its first and a Host.
std::string with(std::string_view lines, std::string_view rest = {}) {
  return std::string(kHead).append(lines).append("\r\n").append(rest);
}

int status_of(std::string_view bytes) {
  const std::string text = parse(bytes);
  return std::isdigit(static_cast<unsigned char>(text[0])) ? std::stoi(text) : 0;
}

TEST(RequestParser, ReadsAsInTheHeader) {
  RequestParser parser;
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser::Result result = parser.parse(bytes);
  EXPECT_EQ(result.event, Event::kHead);
  bytes.erase(0, result.consumed);
  EXPECT_EQ(parser.head().target.path(), "/");
}

TEST(RequestParser, ReadsHead) {
  RequestParser parser;
  const std::string bytes = "PATCH /a?b HTTP/1.1\r\nHost:  a.example:80 \r\nX-One: 1\r\nx-one:\t2\r\nEmpty:\r\n\r\n";
  ASSERT_EQ(parser.parse(bytes).event, Event::kHead);
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, "PATCH");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.target.query_string(), "b");
  EXPECT_EQ(head.host(), "a.example:80");
  EXPECT_EQ(head.headers.get_all("X-ONE"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(head.headers.get("empty"), "");
  EXPECT_EQ(head.content_length, 0u);
  EXPECT_TRUE(parser.is_complete());
}

TEST(RequestParser, TheTargetsHostGoesBeforeTheFields) {
  RequestParser parser;
  ASSERT_EQ(parser.parse("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").event, Event::kHead);
  EXPECT_EQ(parser.head().host(), "b");
}

TEST(RequestParser, ReadsRequestsInOrder) {
  EXPECT_EQ(parse("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                  "GET /3 HTTP/1.0\r\n\r\n"),
            "GET /1. POST /2 (abc). GET /3. ");
}

TEST(RequestParser, ReadsChunks) {
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n",
                       "3\r\nabc\r\nA;x=1;y=\"z\"\r\n0123456789\r\n0\r\n\r\n"
                       "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")),
            "POST / (abc0123456789). GET /next. ");
  EXPECT_EQ(parse(with("transfer-encoding: CHUNKED\r\n", "0\r\n\r\n")), "POST /. ");
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n", "000;a\r\n\r\n")), "POST /. ");
}

TEST(RequestParser, ChecksAndDropsTrailers) {
  const std::string chunks = "1\r\nx\r\n0\r\n";
  const std::string trailers = "Connection: close\r\nHost: b\r\nAuthorization: x\r\nContent-Type: y\r\n";
  EXPECT_EQ(
      parse(with("Transfer-Encoding: chunked\r\n", chunks + trailers + "\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")),
      "POST / (x). GET /next. ");
  RequestParser parser;
  std::string bytes = with("Transfer-Encoding: chunked\r\n", chunks + trailers + "\r\n");
  for (Event event = Event::kHead; event != Event::kComplete;) {
    const RequestParser::Result result = parser.parse(bytes);
    event = result.event;
    ASSERT_NE(event, Event::kError);
    bytes.erase(0, result.consumed);
  }
  EXPECT_TRUE(parser.head().keep_alive);
  EXPECT_EQ(parser.head().host(), "a");
  EXPECT_FALSE(parser.head().headers.contains("Authorization"));

  for (const std::string trailer : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", " folded: 1\r\n",
                                    "no colon\r\n", "a : 1\r\n", "a: b\n", "a: \x01\r\n", ": 1\r\n"}) {
    EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n", "0\r\n" + trailer + "\r\n")).substr(0, 10), "POST /400 ")
        << trailer;
  }
}

TEST(RequestParser, SkipsOneEmptyLine) {
  EXPECT_EQ(parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /. ");
  EXPECT_EQ(parse("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /1. GET /2. ");
  EXPECT_EQ(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(parse("\r\n"), "");
}

// A parser that has no more than part of a request says so and consumes no part of a unit.
TEST(RequestParser, Waits) {
  EXPECT_EQ(parse(""), "");
  EXPECT_EQ(parse("G"), "...");
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\n"), "...");
  EXPECT_EQ(parse(with("Content-Length: 3\r\n", "ab")), "POST /...");
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n")), "POST /...");
}

TEST(RequestParser, KnowsWhetherTheConnectionStays) {
  const auto keeps = [](std::string_view bytes) {
    RequestParser parser;
    EXPECT_EQ(parser.parse(bytes).event, Event::kHead) << bytes;
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nconnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"));
}

TEST(RequestParser, KnowsWhoWaitsForContinue) {
  const auto expects = [](std::string_view bytes) {
    RequestParser parser;
    EXPECT_EQ(parser.parse(bytes).event, Event::kHead) << bytes;
    return parser.head().expects_continue;
  };
  EXPECT_TRUE(expects(with("Content-Length: 3\r\nExpect: 100-Continue\r\n")));
  EXPECT_TRUE(expects(with("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n")));
  EXPECT_FALSE(expects(with("Expect: 100-continue\r\n")));
  EXPECT_FALSE(expects("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(status_of(with("Content-Length: 3\r\nExpect: 200-ok\r\n")), 417);
}

TEST(RequestParser, RefusesBodiesWithTwoReadings) {
  for (const std::string lines : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: identity, chunked\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
           "Transfer-Encoding: chunked,\r\n",
           "Transfer-Encoding: ,chunked\r\n",
           "Transfer-Encoding: chunked;x\r\n",
           "Transfer-Encoding: chunked foo\r\n",
           "Transfer-Encoding: \"chunked\"\r\n",
           "Transfer-Encoding:\r\n",
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
           "Transfer-Encoding: chunked\x0c\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Transfer-Encoding\t: chunked\r\n",
           "Transfer-Encoding: chunked\n",
           "Transfer-Encoding:\r\n chunked\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5,6\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: -5\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length: 5_0\r\n",
           "Content-Length: 5 0\r\n",
           "Content-Length: 5a\r\n",
           "Content-Length:\r\n",
           "Content-Length: 05\r\n",
           "Content-Length: 00\r\n",
           "Content-Length: 18446744073709551616\r\n",
           "Content-Length: 99999999999999999999999\r\n",
           "Content-Length: \xd9\xa3\r\n",
       }) {
    EXPECT_EQ(status_of(with(lines, "hello")), 400) << lines;
  }
  EXPECT_EQ(status_of(with(std::string("Transfer-Encoding: chunked\0\r\n", 29))), 400);
  EXPECT_EQ(status_of(with("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(status_of(with("Transfer-Encoding: gzip\r\n")), 501);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  // Tab and space around a value are no part of it.
  EXPECT_EQ(parse(with("Transfer-Encoding: \tchunked \t\r\n", "0\r\n\r\n")), "POST /. ");
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"), "GET / (hi). ");
  EXPECT_EQ(parse(with("Content-Length: 0\r\n")), "POST /. ");
}

TEST(RequestParser, RefusesBadChunks) {
  for (const std::string chunk : {
           "0x5\r\nhello\r\n0\r\n\r\n",
           "+5\r\nhello\r\n0\r\n\r\n",
           "-1\r\nhello\r\n0\r\n\r\n",
           "5_0\r\nhello\r\n0\r\n\r\n",
           " 5\r\nhello\r\n0\r\n\r\n",
           "5 \r\nhello\r\n0\r\n\r\n",
           "\r\nhello\r\n0\r\n\r\n",
           ";x\r\nhello\r\n",
           "00000000000000005\r\nhello\r\n0\r\n\r\n",
           "5\nhello\r\n0\r\n\r\n",
           "5\rhello\r\n0\r\n\r\n",
           "5\r\nhello0\r\n\r\n",
           "5\r\nhello!\r\n0\r\n\r\n",
           "5\r\nhello\n0\r\n\r\n",
           "5\r\nhello\r0\r\n\r\n",
           "5\r\nhello\r\n\r\n0\r\n\r\n",
           "5;\r\nhello\r\n",
           "5;a=\r\nhello\r\n",
           "5;a=\"b\x01\"\r\nhello\r\n",
           "5;a=\"b\nc\"\r\nhello\r\n",
           "5;a=\"b\r\nc\"\r\nhello\r\n",
           "5;a=\"b\r\nhello\r\n",
           "0;a=\"\r\n\r\n\"\r\n\r\n",
           "0\n\r\n",
           "0\r\n\n",
           "zz\r\n",
       }) {
    EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n", chunk)).substr(0, 10).substr(0, 6), "POST /") << chunk;
    EXPECT_NE(parse(with("Transfer-Encoding: chunked\r\n", chunk)).find("400 "), std::string::npos) << chunk;
  }
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n")), "POST /413 body too large");
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\n", "0000000000000005\r\nhello\r\n0\r\n\r\n")),
            "POST / (hello). ");
}

TEST(RequestParser, RefusesBadLines) {
  for (const std::string& line : {
           std::string("a: b\r\n folded\r\n"),
           std::string("a: b\r\n\tfolded\r\n"),
           std::string("a:\r\n b\r\n"),
           std::string("no colon\r\n"),
           std::string(": no name\r\n"),
           std::string("a : b\r\n"),
           std::string("a\t: b\r\n"),
           std::string("a b: c\r\n"),
           std::string("a(: b\r\n"),
           std::string("\xc3\xa9: b\r\n"),
           std::string("a: b\0c\r\n", 8),
           std::string("a: \x01\r\n"),
           std::string("a: \x7f\r\n"),
           std::string("a: b\rc\r\n"),
           std::string("a: b\n"),
           std::string("a: b\r\r\n"),
           std::string("a: b\n\r\n"),
           std::string("a: \x1b[2J\r\n"),
       }) {
    EXPECT_EQ(status_of(with(line)), 400) << line;
  }
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\rHost: a\r\r\n\r\n"), 505);
  EXPECT_EQ(parse(with("a: caf\xc3\xa9 \xff\r\n")), "POST /. ");
}

TEST(RequestParser, WantsOneHost) {
  for (const std::string host : {"", "Host: a\r\nHost: a\r\n", "Host: a, b\r\n", "Host: u@a\r\n", "Host: a/b\r\n",
                                 "Host: a b\r\n", "Host:\r\n", "Host: a:b\r\n", "host: a\r\nHOST: b\r\n"}) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + host + "\r\n"), 400) << host;
  }
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n"), "GET /. ");
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesBadRequestLines) {
  EXPECT_EQ(status_of("GET /\r\n"), 400);  // HTTP/0.9
  EXPECT_EQ(status_of("GET / HTTP/0.9\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/11\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / http/1.1\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(parse("\x16\x03\x01"), "400 TLS on a port without TLS");
  EXPECT_EQ(status_of("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(parse("whatever! / HTTP/1.1\r\nHost: a\r\n\r\n"), "whatever! /. ");
}

// The rows on targets of a checklist for servers, each from the request line to the path.
TEST(RequestParser, ReadsTargetsInOneWay) {
  const auto read = [](std::string_view line) {
    return parse(std::string(line) + " HTTP/1.1\r\nHost: a\r\n\r\n").substr(0, 30);
  };
  for (const char* line :
       {"GET a:80",         "GET *",     "OPTIONS a",     "CONNECT /",     "CONNECT a", "GET ftp://a/", "GET http:///a",
        "GET http://u@a/",  "GET a/b",   "GET /a#b",      "GET /a\\b",     "GET /\"",   "GET /<",       "GET /a\x7f",
        "GET /caf\xc3\xa9", "GET /%zz",  "GET /%0",       "GET /%",        "GET /%00",  "GET /%c0%af",  "GET /%ff",
        "GET /../a",        "GET /a/..", "GET /%2e%2e/a", "GET /a/%2E./b", "GET /."}) {
    EXPECT_EQ(read(line), "400 malformed target") << line;
  }
  EXPECT_EQ(read("CONNECT a:80"), "CONNECT a:80. ");
  EXPECT_EQ(read("OPTIONS *"), "OPTIONS *. ");
  EXPECT_EQ(read("GET http://b?q"), "GET /. ");
  EXPECT_EQ(read("GET HTTPS://b:1/c"), "GET /c. ");
  EXPECT_EQ(read("GET /a%2Fb"), "GET /a/b. ");
  EXPECT_EQ(read("GET /%252e%252e"), "GET /%2e%2e. ");
  EXPECT_EQ(read("GET //a//b"), "GET //a//b. ");
  EXPECT_EQ(read("GET /...?/../%zz"), "GET /.... ");
  EXPECT_EQ(read("GET /caf%C3%A9"), "GET /caf\xc3\xa9. ");
}

TEST(RequestParser, ChecksChunkExtensions) {
  const auto read = [](std::string_view extension) {
    return parse(with("Transfer-Encoding: chunked\r\n", "1" + std::string(extension) + "\r\nx\r\n0\r\n\r\n"));
  };
  for (const char* extension :
       {"", ";a", ";a=b", ";a=\"\"", ";a=\"b;\\\"c\"", ";a;b=c;d", " ; a = b", ";a=\"caf\xc3\xa9\""}) {
    EXPECT_EQ(read(extension), "POST / (x). ") << extension;
  }
  for (const char* extension : {" ", ";", ";;", ";=b", ";a=", ";a=\"b", ";a=\"b\"c", ";a b", ";a=b c", "x", ";a ",
                                ";a=\"b\\\"", ";a=\"\x01\"", ";a=b\rc", "\r"}) {
    EXPECT_EQ(read(extension).substr(0, 10), "POST /400 ") << extension;
  }
  EXPECT_EQ(whole(with("Transfer-Encoding: chunked\r\n", "1;" + std::string(65536, 'x'))),
            "POST /400 chunk header too long");
}

// --- Limits: at the limit minus one, at it, one past it.

void expect_limit(const std::function<std::string(std::size_t)>& request, std::size_t limit,
                  const RequestLimits& limits, std::string_view past) {
  EXPECT_EQ(parse(request(limit - 1), limits).find("40"), std::string::npos) << past;
  EXPECT_EQ(parse(request(limit), limits).find("4"), std::string::npos) << past;
  EXPECT_NE(parse(request(limit + 1), limits).find(past), std::string::npos) << parse(request(limit + 1), limits);
}

std::string spread(std::size_t size) { return std::string(size, 'x'); }

TEST(RequestLimits, RequestLine) {
  constexpr std::string_view kAround = "GET / HTTP/1.1";
  expect_limit([&](std::size_t n) { return "GET /" + spread(n - kAround.size()) + " HTTP/1.1\r\nHost: a\r\n\r\n"; },
               100, {.request_line = 100}, "414 ");
  EXPECT_EQ(whole("GET /" + spread(8 * 1024)), "414 request line too long");
}

TEST(RequestLimits, FieldLine) {
  constexpr std::string_view kName = "a: ";
  expect_limit([&](std::size_t n) { return with("a: " + spread(n - kName.size()) + "\r\n"); }, 100, {.field_line = 100},
               "431 ");
}

TEST(RequestLimits, HeaderBlock) {
  constexpr std::string_view kAround = "Host: a\r\na: \r\n\r\n";
  expect_limit([&](std::size_t n) { return with("a: " + spread(n - kAround.size()) + "\r\n"); }, 100,
               {.header_block = 100}, "431 ");
}

TEST(RequestLimits, Fields) {
  expect_limit(
      [](std::size_t n) {
        std::string lines;
        for (std::size_t i = 1; i < n; ++i) lines += "a:\r\n";  // beside Host
        return with(lines);
      },
      5, {.fields = 5}, "431 ");
}

TEST(RequestLimits, BodyByLength) {
  expect_limit([](std::size_t n) { return with("Content-Length: " + std::to_string(n) + "\r\n", spread(n)); }, 10,
               {.body = 10}, "413 ");
}

TEST(RequestLimits, BodyByChunks) {
  expect_limit(
      [](std::size_t n) {
        std::string chunks;
        for (std::size_t i = 0; i < n; ++i) chunks += "1\r\nx\r\n";
        return with("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n");
      },
      10, {.body = 10}, "413 ");
}

TEST(RequestLimits, NoBody) {
  EXPECT_EQ(parse(with("Content-Length: 0\r\n"), {.body = 0}), "POST /. ");
  EXPECT_EQ(parse(with("Content-Length: 1\r\n", "x"), {.body = 0}), "POST /413 body too large");
}

TEST(RequestLimits, ChunkLine) {
  expect_limit(
      [](std::size_t n) { return with("Transfer-Encoding: chunked\r\n", "1;" + spread(n - 2) + "\r\nx\r\n0\r\n\r\n"); },
      20, {.chunk_line = 20}, "400 ");
}

TEST(RequestLimits, TrailerBlock) {
  constexpr std::string_view kAround = "a: \r\n\r\n";
  expect_limit(
      [&](std::size_t n) {
        return with("Transfer-Encoding: chunked\r\n", "0\r\na: " + spread(n - kAround.size()) + "\r\n\r\n");
      },
      30, {.trailer_block = 30}, "400 ");
}

TEST(RequestLimits, TrailerFields) {
  expect_limit(
      [](std::size_t n) {
        std::string lines;
        for (std::size_t i = 0; i < n; ++i) lines += "a:\r\n";
        return with("Transfer-Encoding: chunked\r\n", "0\r\n" + lines + "\r\n");
      },
      3, {.trailer_fields = 3}, "400 ");
}

// What has to be kept between two calls is bounded, whatever comes.
TEST(RequestLimits, BoundWhatIsNotConsumed) {
  const RequestLimits limits{.request_line = 64, .header_block = 128, .field_line = 64, .trailer_block = 64};
  for (const std::string& prefix :
       {std::string(), std::string("GET / HTTP/1.1\r\n"), std::string("GET / HTTP/1.1\r\nHost: a\r\n"),
        with("Transfer-Encoding: chunked\r\n"), with("Transfer-Encoding: chunked\r\n", "0\r\n"),
        with("Transfer-Encoding: chunked\r\n", "1;")}) {
    RequestParser parser(limits);
    std::string buffer = prefix;
    for (int i = 0; i < 1000; ++i) {
      const RequestParser::Result result = parser.parse(buffer);
      buffer.erase(0, result.consumed);
      if (result.event == Event::kError) break;
      if (result.event == Event::kNeedMore) buffer += 'x';
    }
    EXPECT_LE(buffer.size(), 256u + 4u) << prefix;
    EXPECT_EQ(parser.parse(buffer).event, Event::kError) << prefix;
  }
}

}  // namespace
}  // namespace prometheus_async::aio::http
