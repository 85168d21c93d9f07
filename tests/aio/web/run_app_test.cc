// SPDX-License-Identifier: Apache-2.0

#include "aio/web/run_app.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "aio/net/listening_socket.h"
#include "aio/web/testing/raw_client.h"
#include "tests/testing/child_process.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::testing::ChildProcess;

constexpr char kProgram[] = "tests/aio/web/hello";
constexpr std::string_view kListening = "listening on http://127.0.0.1:";

// The address in the program's first line.
net::Address address_of(ChildProcess& program) {
  const std::string line = program.wait_for_line("listening on").value_or("");
  EXPECT_EQ(line.substr(0, kListening.size()), kListening) << program.output();
  EXPECT_EQ(program.output().find("startup\nlistening on"), 0u);
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
  EXPECT_EQ(second.output(), "startup\ncleanup\nlisten on " + address.to_string() + ": Address already in use\n");
}

std::string ask(const net::Address& address) {
  RawClient client(address);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  return client.read_response().body;
}

TEST(RunApp, CleansUpInTheEnd) {
  ChildProcess program({kProgram, "0"});
  address_of(program);
  EXPECT_EQ(program.terminate(), 0);
  EXPECT_TRUE(program.output().ends_with("/\ncleanup\n")) << program.output();
}

TEST(RunApp, ServesOnSeveralThreads) {
  for (const int signals : {1, 2}) {
    ChildProcess program({kProgram, "0", "--threads=3"});
    const net::Address address = address_of(program);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(address), "hello");
    RawClient hung(address);
    if (signals == 2) {
      hung.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
      ASSERT_TRUE(program.wait_for_line("never begins"));
    }
    program.send_signal(SIGTERM);
    while (can_connect(address)) {
    }
    if (signals == 2) program.send_signal(SIGTERM);
    EXPECT_EQ(program.wait_for_exit(), signals == 2 ? 128 + SIGTERM : 0) << program.output();
  }
}

TEST(RunApp, ServesAUnixSocketAlone) {
  const std::string path = std::filesystem::temp_directory_path() / ("run_app." + std::to_string(::getpid()));
  ChildProcess program({kProgram, "--unix=" + path});
  EXPECT_EQ(program.wait_for_line("listening on"), "listening on http://unix:" + path + ":/");
  EXPECT_EQ(ask(net::Address::unix_socket(path)), "hello");
  EXPECT_EQ(program.terminate(), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(RunApp, PrintsALineForEachAddress) {
  ChildProcess program({kProgram, "0", "--more"});
  ASSERT_TRUE(program.wait_for_line("listening on"));
  EXPECT_EQ(program.terminate(), 0);
  std::size_t lines = 0;
  const std::string output = program.output();
  for (std::size_t at = 0; (at = output.find(kListening, at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 3u) << output;
}

// A listening socket that child processes inherit.
class InheritedSocket {
 public:
  InheritedSocket()
      : socket_(std::move(net::listen_numeric("127.0.0.1", 0).front())), descriptor_(::dup(socket_.descriptor())) {}
  ~InheritedSocket() { ::close(descriptor_); }

  const net::Address& address() const { return socket_.address(); }
  std::string descriptor() const { return std::to_string(descriptor_); }

 private:
  const net::ListeningSocket socket_;
  const int descriptor_;
};

TEST(RunApp, ServesASocketOfItsParent) {
  const InheritedSocket socket;
  ChildProcess program({kProgram, "--descriptor=" + socket.descriptor()});
  EXPECT_EQ(program.wait_for_line("listening on"), "listening on http://" + socket.address().to_string() + "/");
  EXPECT_EQ(ask(socket.address()), "hello");
}

TEST(RunApp, ServesASocketOfSystemd) {
  const InheritedSocket socket;
  // As systemd does: the pid is the program's own.
  const std::string script =
      "exec env LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http \"$0\" --systemd 3<&" + socket.descriptor();
  ChildProcess program({"sh", "-c", script, kProgram});
  EXPECT_EQ(program.wait_for_line("listening on"), "listening on http://" + socket.address().to_string() + "/");
  EXPECT_EQ(ask(socket.address()), "hello");
}

TEST(RunApp, SaysThatSystemdHasGivenNothing) {
  ChildProcess program({kProgram, "--systemd"});
  EXPECT_EQ(program.wait_for_exit(), 1);
  EXPECT_TRUE(program.output().ends_with("systemd has given no sockets: LISTEN_FDS is not set for this process\n"));
}

TEST(RunApp, NeedsAThread) { EXPECT_THROW(run_app(Application(), {.threads = 0}), std::invalid_argument); }

// It is stopping as it was told to; that the discovery cannot be told is worth a line.
TEST(RunApp, StopsGracefullyThoughTheDiscoveryFails) {
  ChildProcess program({kProgram, "0", "--announce"});
  address_of(program);
  EXPECT_EQ(program.terminate(), 0);
  EXPECT_TRUE(program.output().ends_with("stopping: the discovery is away\ncleanup\n")) << program.output();
}

TEST(RunApp, GoesOnServingWhileItDrains) {
  ChildProcess program({kProgram, "0", "--drain"});
  const net::Address address = address_of(program);
  program.send_signal(SIGTERM);
  ASSERT_TRUE(program.wait_for_line("draining"));
  EXPECT_EQ(ask(address), "hello");  // a new connection
  EXPECT_EQ(program.wait_for_exit(), 0);
}

}  // namespace
}  // namespace prometheus_async::aio::web
