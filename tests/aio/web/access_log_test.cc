// SPDX-License-Identifier: Apache-2.0

#include "aio/web/access_log.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/http/request_parser.h"
#include "aio/net/address.h"
#include "aio/net/http_observer.h"

namespace prometheus_async::aio::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

// A request and what became of it, for tests to change.
struct Exchange {
  explicit Exchange(std::string_view method = "GET", std::string_view target = "/") {
    head.method = method;
    if (!head.target.assign(method, target).ok()) throw std::invalid_argument("target " + std::string(target));
  }

  net::Address peer{"192.0.2.1", 12345};
  http::RequestHead head;
  net::HttpOutcome outcome{.peer = peer,
                           .request = &head,
                           .status = 200,
                           .bytes_sent = 187,
                           .began = std::chrono::steady_clock::now(),
                           .is_complete = true};
};

std::string line(std::string format, const net::HttpOutcome& outcome) {
  std::vector<std::string> lines;
  AccessLog log({.sink = [&](std::string_view each) { lines.emplace_back(each); }, .format = std::move(format)});
  log.on_answered(outcome);
  return lines.at(0);
}

std::string line_of_field(std::string_view name, std::string_view value) {
  Exchange exchange;
  exchange.head.headers.add(name, value);
  return line("%{" + std::string(name) + "}i", exchange.outcome);
}

std::string error_of(std::string format) {
  try {
    const AccessLog log({.sink = [](std::string_view) {}, .format = std::move(format)});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

// --- Directives.

TEST(AccessLog, HasAiohttpsFormatByDefault) {
  Exchange exchange("GET", "/users/7?a=b");
  exchange.head.headers.add("User-Agent", "curl/7.88.1");
  std::string logged;
  AccessLog log({.sink = [&](std::string_view each) { logged = each; }});
  log.on_answered(exchange.outcome);
  EXPECT_THAT(logged, StartsWith("192.0.2.1 ["));
  EXPECT_THAT(logged, HasSubstr("] \"GET /users/7?a=b HTTP/1.1\" 200 187 \"-\" \"curl/7.88.1\""));
}

TEST(AccessLog, TellsWhenTheRequestHadCome) {
  ::setenv("TZ", "XXX-05:30", 1);
  ::tzset();
  Exchange exchange;
  exchange.outcome.began = std::chrono::steady_clock::now() - std::chrono::hours(24);
  const std::string yesterday = line("%t", exchange.outcome);
  exchange.outcome.began = std::chrono::steady_clock::now();
  const std::string today = line("%t", exchange.outcome);
  EXPECT_THAT(today, MatchesRegex(R"(\[[0-9]{2}/[A-Z][a-z]{2}/20[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-9]{2} \+0530\])"));
  EXPECT_NE(yesterday.substr(0, 12), today.substr(0, 12));
  ::unsetenv("TZ");
  ::tzset();
}

TEST(AccessLog, TellsHowLongItTook) {
  Exchange exchange;
  exchange.outcome.began = std::chrono::steady_clock::now() - std::chrono::milliseconds(2000'005);
  EXPECT_EQ(line("%T", exchange.outcome), "2000");
  EXPECT_THAT(line("%Tf", exchange.outcome), MatchesRegex("2000\\.[0-9]{6}"));
  EXPECT_THAT(line("%D", exchange.outcome), MatchesRegex("2000[0-9]{6}"));
}

TEST(AccessLog, TellsTheProcess) {
  const Exchange exchange;
  EXPECT_EQ(line("%P", exchange.outcome), std::to_string(::getpid()));
}

TEST(AccessLog, TellsTheVersionThatWasAskedIn) {
  Exchange exchange;
  exchange.head.minor_version = 0;
  EXPECT_EQ(line("%r", exchange.outcome), "GET / HTTP/1.0");
}

TEST(AccessLog, HasNoAddressForAUnixSocket) {
  Exchange exchange;
  exchange.peer = net::Address::unix_socket("/run/a.sock");
  EXPECT_EQ(line("%a", exchange.outcome), "-");
}

TEST(AccessLog, TellsFieldsOfTheRequestWithoutCase) {
  Exchange exchange;
  exchange.head.headers.add("X-Forwarded-For", "192.0.2.7");
  exchange.head.headers.add("x-forwarded-for", "192.0.2.8");
  EXPECT_EQ(line("%{x-Forwarded-For}i %{Other}i", exchange.outcome), "192.0.2.7, 192.0.2.8 -");
}

TEST(AccessLog, TellsFieldsOfTheAnswer) {
  Exchange exchange;
  exchange.outcome.head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nVary: Accept\r\nVary: Cookie\r\n\r\n";
  EXPECT_EQ(line("%{content-type}o|%{Vary}o|%{ETag}o", exchange.outcome), "text/plain|Accept, Cookie|-");
}

TEST(AccessLog, AsksForHeadsOnlyIfItTellsOfThem) {
  const auto wants_heads = [](std::string format) {
    return AccessLog({.sink = [](std::string_view) {}, .format = std::move(format)}).wants_heads();
  };
  EXPECT_FALSE(wants_heads(std::string(kAccessLogFormat)));
  EXPECT_TRUE(wants_heads("%{ETag}o"));
  EXPECT_TRUE(wants_heads("%{Set-Cookie}o"));
}

TEST(AccessLog, KeepsTextAndPercentSigns) {
  const Exchange exchange;
  EXPECT_EQ(line("100%% of\t%s%%", exchange.outcome), "100% of\t200%");
  EXPECT_EQ(line("", exchange.outcome), "");
}

// --- How it ended.

TEST(AccessLog, HasDashesForWhatWasRefused) {
  Exchange exchange;
  exchange.outcome.request = nullptr;
  exchange.outcome.status = 400;
  EXPECT_EQ(line("%a \"%r\" %s \"%{Referer}i\"", exchange.outcome), "192.0.2.1 \"-\" 400 \"-\"");
}

TEST(AccessLog, Has499ForAClientThatLeftBeforeItsAnswer) {
  Exchange exchange;
  exchange.outcome.is_lost = true;
  exchange.outcome.is_complete = false;
  exchange.outcome.bytes_sent = 0;
  EXPECT_EQ(line("%s %b %X", exchange.outcome), "499 0 X");
  exchange.outcome.status.reset();
  EXPECT_EQ(line("%s %b %X", exchange.outcome), "499 0 X");
}

TEST(AccessLog, HasTheStatusThatWentOutForAClientThatLeftInTheMiddle) {
  Exchange exchange;
  exchange.outcome.is_lost = true;
  exchange.outcome.is_complete = false;
  EXPECT_EQ(line("%s %b %X", exchange.outcome), "200 187 X");
}

TEST(AccessLog, HasADashForAnAnswerThatWasNotMade) {
  Exchange exchange;
  exchange.outcome.status.reset();
  exchange.outcome.is_complete = false;
  EXPECT_EQ(line("%s %X", exchange.outcome), "- X");
}

// --- What clients may write.

TEST(AccessLog, EscapesWhateverCouldForgeALine) {
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const std::string logged = line_of_field("User-Agent", std::string("a") + c + "b");
    if (code >= 0x20 && code < 0x7f && c != '"' && c != '\\') {
      EXPECT_EQ(logged, std::string("a") + c + "b");
    } else {
      constexpr char kDigits[] = "0123456789abcdef";
      EXPECT_EQ(logged, std::string("a\\x") + kDigits[code / 16] + kDigits[code % 16] + "b") << code;
    }
  }
}

TEST(AccessLog, EscapesFieldsOfAnswersToo) {
  Exchange exchange;
  exchange.outcome.head = "HTTP/1.1 200 OK\r\nX: \xc3\xa9\"\r\n\r\n";
  EXPECT_EQ(line("%{X}o", exchange.outcome), "\\xc3\\xa9\\x22");
}

TEST(AccessLog, NeverTellsSecrets) {
  for (const char* name : {"Authorization", "authorization", "PROXY-AUTHORIZATION", "Cookie"}) {
    EXPECT_EQ(line_of_field(name, "Basic c2VjcmV0"), "[redacted]") << name;
  }
  Exchange exchange;
  exchange.head.headers.add("Cookie", "a=secret");
  exchange.head.headers.add("Cookie", "b=secret");
  exchange.outcome.head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=secret\r\nset-cookie: b=secret\r\n\r\n";
  EXPECT_EQ(line("%{Cookie}i %{set-cookie}o %{Authorization}i", exchange.outcome), "[redacted] [redacted] -");
}

// --- Formats.

TEST(AccessLog, RefusesWhatIsNoDirective) {
  EXPECT_THAT(error_of("%a %z"), AllOf(HasSubstr("access log"), HasSubstr("\"%z\"")));
  EXPECT_THAT(error_of("100%"), HasSubstr("\"%\""));
  EXPECT_THAT(error_of("%{Referer}"), HasSubstr("\"%{Referer}\""));
  EXPECT_THAT(error_of("%{Referer}e"), HasSubstr("\"%{Referer}e\""));
  EXPECT_THAT(error_of("%{Referer"), HasSubstr("\"%{Referer\""));
  EXPECT_THAT(error_of("%{}i"), HasSubstr("\"%{}i\""));
  EXPECT_THAT(error_of("%{User Agent}i"), HasSubstr("\"%{User Agent}i\""));
}

TEST(AccessLog, RefusesFormatsThatBreakTheLine) {
  EXPECT_THAT(error_of("%a\n"), AllOf(HasSubstr("\\x0a"), Not(HasSubstr("\n"))));
  EXPECT_THAT(error_of(std::string("a\0b", 3)), HasSubstr("\\x00"));
}

TEST(AccessLog, DropsWhatItsSinkThrows) {
  AccessLog log({.sink = [](std::string_view) { throw std::runtime_error("disk full"); }});
  const Exchange exchange;
  log.on_answered(exchange.outcome);
}

TEST(AccessLog, MakesALineOfAnyLength) {
  const std::string agent(100'000, '\x01');
  const std::string logged = line_of_field("User-Agent", agent);
  EXPECT_EQ(logged.size(), 400'000U);
  EXPECT_EQ(line_of_field("User-Agent", "short"), "short");
}

}  // namespace
}  // namespace prometheus_async::aio::web
