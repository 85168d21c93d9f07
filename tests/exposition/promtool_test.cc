// SPDX-License-Identifier: Apache-2.0
//
// What promtool makes of pages: its checker of the metrics that are this library's own, and Prometheus' OpenMetrics
// parser, which it feeds to a database, of metrics that are nobody's.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "aio/loop_collector.h"
#include "exposition/render.h"
#include "exposition/scrape.h"
#include "metrics/build_info.h"
#include "metrics/registry.h"
#include "tests/exposition/random_registry.h"
#include "tests/exposition/read_page.h"
#include "tests/testing/child_process.h"

namespace prometheus_async {
namespace {

using testing::ChildProcess;
using ::testing::HasSubstr;
using testing::ReadPage;
using testing::ReadSample;

constexpr std::string_view kTimestamp = " 1700000000";

std::string write(const std::string& name, std::string_view content) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

// What promtool says of the page and its exit status, if that is not 0: empty is good.
std::string check_metrics(const std::string& page) {
  ChildProcess promtool({"sh", "-c", "exec \"$PROMTOOL\" check metrics < " + write("page", page)});
  const int status = promtool.wait_for_exit().value_or(-1);
  return promtool.output() + (status == 0 ? "" : absl::StrCat("(exit status ", status, ")"));
}

// Where the value of a line begins: behind the labels, in whose values anything may stand.
std::size_t value_of(std::string_view line) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      is_quoted = !is_quoted;
    } else if (line[i] == ' ' && !is_quoted) {
      return i + 1;
    }
  }
  throw std::runtime_error("no value in: " + std::string(line));
}

// OpenMetrics with a time for each sample: promtool takes none without.
std::string with_timestamps(const std::string& page) {
  std::istringstream lines(page);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) line.insert(std::min(line.find(' ', value_of(line)), line.size()), kTimestamp);
    result += line + "\n";
  }
  return result;
}

void append_utf8(std::uint32_t code, std::string& text) {
  const auto byte = [&](std::uint32_t bits) { text += static_cast<char>(bits); };
  const auto rest = [&](int shift) { byte(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    rest(0);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    rest(6);
    rest(0);
  } else {
    byte(0xF0 | code >> 18);
    rest(12);
    rest(6);
    rest(0);
  }
}

// A string as Go quotes it, taken off the front of `rest`.
std::string take_quoted(std::string_view& rest) {
  const auto take = [&](std::size_t size) {
    const std::string taken(rest.substr(0, size));
    rest.remove_prefix(taken.size());
    return taken;
  };
  const auto hex = [&](std::size_t digits) {
    std::uint32_t code = 0;
    if (!absl::SimpleHexAtoi(take(digits), &code)) throw std::runtime_error("not an escape of Go's");
    return code;
  };
  std::string text;
  take(1);
  for (std::string c = take(1); c != "\""; c = take(1)) {
    if (c.empty()) throw std::runtime_error("a quoted string does not end");
    if (c != "\\") {
      text += c;
      continue;
    }
    const char letter = take(1).at(0);
    constexpr std::string_view kLetters = "abfnrtv";
    if (kLetters.find(letter) != kLetters.npos) {
      text += "\a\b\f\n\r\t\v"[kLetters.find(letter)];
    } else if (letter == 'x') {
      text += static_cast<char>(hex(2));
    } else if (letter == 'u' || letter == 'U') {
      append_utf8(hex(letter == 'u' ? 4 : 8), text);
    } else {
      text += letter;
    }
  }
  return text;
}

// A line of `promtool tsdb dump`: {__name__="x", l="v"} 1 1700000000000
ReadSample dumped(std::string_view line) {
  ReadSample sample;
  line.remove_prefix(1);
  while (!line.starts_with('}')) {
    const std::string name(line.substr(0, line.find('=')));
    line.remove_prefix(name.size() + 1);
    const std::string value = take_quoted(line);
    if (name == "__name__") {
      sample.name = value;
    } else {
      sample.labels[name] = testing::canonical_label(name, value);
    }
    if (line.starts_with(", ")) line.remove_prefix(2);
  }
  line.remove_prefix(2);
  sample.value = std::strtod(std::string(line.substr(0, line.find(' '))).c_str(), nullptr);
  return sample;
}

// Every name that the library gives to a metric by itself, as a program has them that takes everything.
TEST(Promtool, HasNothingToSayOfOurOwnMetrics) {
  metrics::Registry& registry = metrics::default_registry();
  const exposition::ScrapeHandler handler(registry);
  EXPECT_EQ(handler.answer({.accept = "text/plain"}).status, 200);
  registry.add(metrics::build_info("service", {.version = "1.0"}));
  const auto loops = std::make_shared<aio::LoopCollector>();
  registry.add(loops);
  boost::asio::io_context context;
  aio::WatchedLoop loop = loops->watch(context, "main");
  boost::asio::post(context, [&context] { context.stop(); });
  loop.run();
  const std::string page = exposition::render(registry).body;
  for (const char* const name :
       {"process_cpu_seconds_total", "prometheus_async_refused_values_total", "promhttp_metric_handler_requests_total",
        "service_build_info", "asio_loop_lag_seconds_bucket", "asio_handlers_total"}) {
    EXPECT_THAT(page, HasSubstr(name));
  }
  EXPECT_EQ(check_metrics(page), "");
}

// So that the test above can fail.
TEST(Promtool, HasSomethingToSayOfABadName) {
  metrics::Registry registry;
  registry.gauge("requestDuration_ms", "");
  const std::string words = check_metrics(exposition::render(registry).body);
  EXPECT_THAT(words, HasSubstr("camelCase"));
  EXPECT_THAT(words, HasSubstr("no help text"));
  EXPECT_THAT(words, HasSubstr("exit status"));
}

TEST(Promtool, StoresWhatIsInOpenMetrics) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomRegistry random(seed);
    const std::string page =
        write(absl::StrCat("openmetrics-", seed),
              with_timestamps(exposition::render(random.registry(), exposition::kOpenMetrics_1_0_0).body));
    const std::string database = ::testing::TempDir() + absl::StrCat("/database-", seed);
    ChildProcess create({std::getenv("PROMTOOL"), "tsdb", "create-blocks-from", "openmetrics", page, database});
    ASSERT_EQ(create.wait_for_exit(), 0) << create.output();

    std::filesystem::create_directory(database + "/wal");  // which reading wants to be there
    ChildProcess dump({std::getenv("PROMTOOL"), "tsdb", "dump", database});
    ASSERT_EQ(dump.wait_for_exit(), 0) << dump.output();
    ReadPage found(1);
    std::istringstream lines(dump.output());
    for (std::string line; std::getline(lines, line);) found[0].samples.push_back(dumped(line));

    ReadPage expected(1);
    for (const auto& family : random.expected(exposition::kOpenMetrics_1_0_0)) {
      for (ReadSample sample : family.samples) {
        sample.exemplar.reset();  // it has no place for them
        expected[0].samples.push_back(sample);
      }
    }
    EXPECT_EQ(testing::difference(expected, found), "");
  }
}

}  // namespace
}  // namespace prometheus_async
