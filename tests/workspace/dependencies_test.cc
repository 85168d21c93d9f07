// SPDX-License-Identifier: Apache-2.0
// Every third-party label compiles, links and runs, whatever Bazel and Debian are underneath.

#include <crypt.h>
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <chrono>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_map.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/parse.hpp>
#include <curl/curl.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/registry.h>
#include <yaml-cpp/yaml.h>

ABSL_FLAG(int, answer, 42, "read by a test");

namespace {

namespace asio = boost::asio;

asio::awaitable<int> answer_later() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  co_return 42;
}

TEST(Dependencies, AsioRunsACoroutine) {
  asio::io_context context;
  std::future<int> answer = asio::co_spawn(context, answer_later(), asio::use_future);
  context.run();
  EXPECT_EQ(answer.get(), 42);
}

TEST(Dependencies, AsioMakesATlsContext) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  EXPECT_NE(context.native_handle(), nullptr);
}

TEST(Dependencies, BeastParsesARequest) {
  boost::beast::http::request_parser<boost::beast::http::string_body> parser;
  boost::system::error_code error;
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  parser.put(asio::buffer(request), error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(parser.is_done());
}

TEST(Dependencies, JsonParses) { EXPECT_EQ(boost::json::parse("[1,2]").as_array().size(), 2u); }

TEST(Dependencies, PrometheusCppCounts) {
  prometheus::Registry registry;
  prometheus::Counter& counter = prometheus::BuildCounter().Name("a_total").Help("h").Register(registry).Add({});
  counter.Increment();
  EXPECT_EQ(counter.Value(), 1);
  prometheus::Exposer exposer("127.0.0.1:0");
  EXPECT_THAT(exposer.GetListeningPorts(), testing::SizeIs(1));
}

TEST(Dependencies, CurlIsThere) { EXPECT_NE(curl_version_info(CURLVERSION_NOW), nullptr); }

TEST(Dependencies, LibdeflateMakesACompressor) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(1);
  EXPECT_NE(compressor, nullptr);
  libdeflate_free_compressor(compressor);
}

TEST(Dependencies, ZlibIsThere) { EXPECT_STREQ(zlibVersion(), ZLIB_VERSION); }

TEST(Dependencies, ZstdIsThere) { EXPECT_GE(ZSTD_versionNumber(), 10'504u); }

TEST(Dependencies, LibcryptKnowsBcrypt) { EXPECT_EQ(crypt_checksalt("$2b$10$"), CRYPT_SALT_OK); }

TEST(Dependencies, YamlCppParses) { EXPECT_EQ(YAML::Load("[1, 2]").size(), 2u); }

TEST(Dependencies, AbseilLinks) {
  EXPECT_EQ(absl::GetFlag(FLAGS_answer), 42);
  absl::SetProgramUsageMessage("usage");
  absl::StatusOr<int> status = absl::NotFoundError(absl::StrCat("no ", 1));
  EXPECT_EQ(status.status().message(), "no 1");
  absl::flat_hash_map<std::string, int> map{{"a", 1}};
  EXPECT_EQ(map["a"], 1);
  absl::Notification notification;
  {
    absl::Cleanup notify = [&] { notification.Notify(); };
  }
  EXPECT_TRUE(notification.WaitForNotificationWithTimeout(absl::Seconds(1)));
  EXPECT_EQ(absl::FormatDuration(absl::Seconds(61)), "1m1s");
  std::string program = "program";
  char* arguments[] = {program.data()};
  EXPECT_THAT(absl::ParseCommandLine(1, arguments), testing::SizeIs(1));
}

}  // namespace
