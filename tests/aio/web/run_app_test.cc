// SPDX-License-Identifier: Apache-2.0

#include "aio/web/run_app.h"

#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "tests/aio/web/raw_client.h"
#include "tests/testing/child_process.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::can_connect;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::RawClient;

constexpr char kProgram[] = "tests/aio/web/hello";
constexpr std::string_view kListening = "listening on http://127.0.0.1:";

// The address in the program's first line.
net::Address address_of(ChildProcess& program) {
  const std::string line = program.wait_for_line("listening on").value_or("");
  EXPECT_EQ(line.substr(0, kListening.size()), kListening) << program.output();
  EXPECT_EQ(program.output().find("listening on"), 0u);
  EXPECT_TRUE(line.ends_with("/"));
  return {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(line.substr(kListening.size())))};
}

TEST(RunApp, ServesUntilASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProcess program({kProgram, "0"});
    const net::Address address = address_of(program);
    RawClient client(address);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_response().body, "hello");
    program.send_signal(signal);
    EXPECT_EQ(program.wait_for_exit(), 0);
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_FALSE(can_connect(address));
  }
}

TEST(RunApp, FinishesRequestsFirst) {
  ChildProcess program({kProgram, "0"});
  RawClient client(address_of(program));
  client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(program.wait_for_line("slow begins"));
  program.send_signal(SIGTERM);
  EXPECT_EQ(client.read_response().body, "slow");
  EXPECT_EQ(program.wait_for_exit(), 0);
}

TEST(RunApp, StopsAtOnceAtTheSecondSignal) {
  ChildProcess program({kProgram, "0"});
  const net::Address address = address_of(program);
  RawClient client(address);
  client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(program.wait_for_line("never begins"));
  program.send_signal(SIGINT);
  while (can_connect(address)) {
  }
  program.send_signal(SIGINT);
  EXPECT_EQ(program.wait_for_exit(), 128 + SIGINT);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(RunApp, SaysWhyItCannotStart) {
  ChildProcess first({kProgram, "0"});
  const net::Address address = address_of(first);
  ChildProcess second({kProgram, std::to_string(address.port)});
  EXPECT_EQ(second.wait_for_exit(), 1);
  EXPECT_EQ(second.output(), "listen on " + address.to_string() + ": Address already in use\n");
}

}  // namespace
}  // namespace prometheus_async::aio::web
