// SPDX-License-Identifier: Apache-2.0

#include "aio/web/exporter_flags.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/testing/error_of.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::error_of;
using Arguments = std::vector<std::string>;

TEST(ExporterFlags, HasAnExample) {
  const ExporterFlags flags = parse_exporter_flags({"--web.listen-address=:9100", "--web.config.file=w.yml"});
  EXPECT_EQ(flags.listen_addresses.at(0).port, 9100);
  EXPECT_EQ(flags.config_file, "w.yml");
}

TEST(ExporterFlags, HasNodeExportersDefaults) {
  const ExporterFlags flags = parse_exporter_flags({});
  EXPECT_TRUE(flags.listen_addresses.empty());
  EXPECT_EQ(flags.telemetry_path, "/metrics");
  EXPECT_EQ(flags.max_requests, 40u);
  EXPECT_FALSE(flags.uses_systemd || flags.hides_exporter_metrics || flags.checks_config || flags.wants_help);
}

TEST(ExporterFlags, ReadsAddresses) {
  const std::vector<std::pair<std::string, net::Address>> addresses = {
      {":9100", {"", 9100}},           {"127.0.0.1:0", {"127.0.0.1", 0}},
      {"[::1]:65535", {"::1", 65535}}, {"localhost:1", {"localhost", 1}},
      {"[::]:9100", {"::", 9100}},
  };
  Arguments all;
  for (const auto& [text, address] : addresses) {
    const Arguments one = {"--web.listen-address", text};
    EXPECT_EQ(parse_exporter_flags(one).listen_addresses, std::vector<net::Address>{address}) << text;
    all.push_back("--web.listen-address=" + text);
  }
  EXPECT_EQ(parse_exporter_flags(all).listen_addresses.size(), addresses.size());
}

TEST(ExporterFlags, RefusesWhatIsNoAddress) {
  for (const std::string text : {"", "9100", "127.0.0.1", "::1:9100", "[::1]", "[]:1", "a:", ":65536", ":-1", ":1x",
                                 "http://a:1", "[127.0.0.1]:1", "a b:1"}) {
    const std::string error =
        error_of<std::invalid_argument>([&] { parse_exporter_flags({"--web.listen-address", text}); });
    EXPECT_EQ(error, "--web.listen-address: '" + text + "' is not HOST:PORT, with an IPv6 address in brackets");
  }
}

TEST(ExporterFlags, TakesSwitchesOnAndOffAndTheLastOneCounts) {
  EXPECT_TRUE(parse_exporter_flags({"--web.systemd-socket"}).uses_systemd);
  EXPECT_FALSE(parse_exporter_flags({"--web.systemd-socket", "--no-web.systemd-socket"}).uses_systemd);
  EXPECT_TRUE(parse_exporter_flags({"--web.disable-exporter-metrics"}).hides_exporter_metrics);
  EXPECT_TRUE(parse_exporter_flags({"--version"}).wants_version);
  EXPECT_TRUE(parse_exporter_flags({"-h"}).wants_help);
  EXPECT_EQ(parse_exporter_flags({"--web.max-requests=1", "--web.max-requests", "0"}).max_requests, 0u);
}

TEST(ExporterFlags, RefusesWhatIsWrongAndNamesIt) {
  const std::vector<std::pair<Arguments, std::string>> wrong = {
      {{"--web.max-requests=-1"}, "--web.max-requests: '-1' is not a number from 0 on"},
      {{"--web.telemetry-path=metrics"}, "--web.telemetry-path: 'metrics' does not begin with a slash"},
      {{"--web.config.file"}, "--web.config.file needs a value"},
      {{"--web.confg.file=x"}, "--web.confg.file is unknown, or takes no value"},
      {{"--web.systemd-socket=1"}, "--web.systemd-socket is unknown, or takes no value"},
      {{"--web.unknown"}, "--web.unknown is unknown"},
      {{"--web.config.check"}, "--web.config.check needs --web.config.file"},
  };
  for (const auto& [arguments, error] : wrong) {
    EXPECT_EQ(error_of<std::invalid_argument>([&] { parse_exporter_flags(arguments); }), error);
  }
}

TEST(ExporterFlags, LeavesTheProgramItsOwn) {
  const ExporterFlags flags =
      parse_exporter_flags({"queue", "--depth=3", "--web.max-requests=1", "-v", "--", "--web.max-requests=2"});
  EXPECT_EQ(flags.rest, Arguments({"queue", "--depth=3", "-v", "--web.max-requests=2"}));
  EXPECT_EQ(flags.max_requests, 1u);
}

TEST(ExporterFlags, TellsOfEachFlag) {
  const std::string help = exporter_flags_help();
  for (const char* flag :
       {"--web.listen-address=", "--web.systemd-socket ", "--web.config.file=", "--web.config.check ",
        "--web.telemetry-path=", "--web.max-requests=", "--web.disable-exporter-metrics ", "--help ", "--version "}) {
    EXPECT_NE(help.find(flag), std::string::npos) << flag;
  }
}

}  // namespace
}  // namespace prometheus_async::aio::web
