// SPDX-License-Identifier: Apache-2.0

#include "aio/net/listening_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::net {
namespace {

using prometheus_async::aio::web::testing::can_connect;
using Sockets = std::vector<ListeningSocket>;

// By name, which takes a loop.
Sockets listen_at(const std::string& host, std::uint16_t port = 0, TcpOptions options = {}) {
  asio::io_context io_context(1);
  auto result = asio::co_spawn(io_context, listen(host, port, options), asio::use_future);
  io_context.run();
  return result.get();
}

// The message of the failure.
std::string failure(const std::function<void()>& listen) {
  try {
    listen();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

int option(int descriptor, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size);
  return value;
}

bool is_closed_on_exec(int descriptor) { return (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0; }

TEST(ListenTcp, SaysWhereItListens) {
  const Sockets sockets = listen_at("127.0.0.1");
  ASSERT_EQ(sockets.size(), 1u);
  EXPECT_EQ(sockets[0].address().host, "127.0.0.1");
  EXPECT_NE(sockets[0].address().port, 0);
  EXPECT_TRUE(can_connect(sockets[0].address()));
  EXPECT_TRUE(is_closed_on_exec(sockets[0].descriptor()));
}

TEST(ListenTcp, FreesThePortAtItsEnd) {
  std::optional<Sockets> sockets(listen_at("127.0.0.1"));
  const Address address = sockets->front().address();
  sockets.reset();
  EXPECT_FALSE(can_connect(address));
  EXPECT_EQ(listen_at("127.0.0.1", address.port).front().address(), address);
}

TEST(ListenTcp, TakesBothFamiliesInOneSocketIfNoHostIsNamed) {
  const Sockets sockets = listen_at("");
  ASSERT_EQ(sockets.size(), 1u);
  EXPECT_TRUE(can_connect({"127.0.0.1", sockets[0].address().port}));
  const bool has_ipv6 = sockets[0].address().host == "::";
  EXPECT_EQ(has_ipv6 && can_connect({"::1", sockets[0].address().port}), has_ipv6);
}

TEST(ListenTcp, TakesIpv6AloneIfItIsNamed) {
  Sockets sockets;
  try {
    sockets = listen_at("::1");
  } catch (const std::system_error&) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  EXPECT_TRUE(can_connect(sockets[0].address()));
  EXPECT_FALSE(can_connect({"127.0.0.1", sockets[0].address().port}));
}

TEST(ListenTcp, ResolvesANameToAddressesWithOnePort) {
  const Sockets sockets = listen_at("localhost");
  ASSERT_FALSE(sockets.empty());
  for (const ListeningSocket& socket : sockets) EXPECT_EQ(socket.address().port, sockets[0].address().port);
}

TEST(ListenTcp, NamesAddressAndReasonOfAFailure) {
  const Sockets taken = listen_at("127.0.0.1");
  const Address& address = taken[0].address();
  EXPECT_EQ(failure([&] { listen_at("127.0.0.1", address.port); }),
            "listen on " + address.to_string() + ": Address already in use");
  EXPECT_EQ(failure([] { listen_at("192.0.2.1", 80); }), "listen on 192.0.2.1:80: Cannot assign requested address");
  EXPECT_EQ(failure([] { listen_at("no-such-host.invalid", 80); }).substr(0, 39),
            "listen on no-such-host.invalid:80: Host");
  EXPECT_EQ(failure([] { listen_at("not a name", 80); }).substr(0, 25), "listen on not a name:80: ");
}

TEST(ListenTcp, SharesAPortIfAllWantTo) {
  const Sockets first = listen_at("127.0.0.1", 0, {.reuse_port = true});
  const std::uint16_t port = first[0].address().port;
  EXPECT_TRUE(first[0].is_port_shared());
  EXPECT_EQ(listen_at("127.0.0.1", port, {.reuse_port = true})[0].address(), first[0].address());
  EXPECT_EQ(failure([&] { listen_at("127.0.0.1", port); }),
            "listen on " + first[0].address().to_string() + ": Address already in use");
}

TEST(ListenTcp, LooksAfterSilentConnectionsUnlessToldNotTo) {
  EXPECT_EQ(option(listen_at("127.0.0.1")[0].descriptor(), SO_KEEPALIVE), 1);
  EXPECT_EQ(option(listen_at("127.0.0.1", 0, {.keep_alive = false})[0].descriptor(), SO_KEEPALIVE), 0);
}

TEST(ListeningSocket, LivesAsLongAsADuplicate) {
  std::optional<ListeningSocket> first(std::move(listen_at("127.0.0.1").front()));
  const ListeningSocket second = first->duplicate();
  EXPECT_EQ(second.address(), first->address());
  EXPECT_TRUE(is_closed_on_exec(second.descriptor()));
  first.reset();
  EXPECT_TRUE(can_connect(second.address()));
}

class ListenUnixTest : public ::testing::Test {
 protected:
  ListenUnixTest() {
    std::string name = std::filesystem::temp_directory_path() / "sock.XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~ListenUnixTest() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name = "x") const { return directory_ / name; }
  bool exists() const { return std::filesystem::exists(path()); }
  std::string in_use() const { return "listen on unix:" + path() + ": Address already in use"; }
  std::string reason_at(const std::string& at, const UnixOptions& options = {}) const {
    return failure([&] { listen_unix(at, options); });
  }

 private:
  std::filesystem::path directory_;
};

TEST_F(ListenUnixTest, HasAFileAsLongAsItListens) {
  {
    const ListeningSocket socket = listen_unix(path());
    EXPECT_EQ(socket.address().to_string(), "unix:" + path());
    EXPECT_TRUE(std::filesystem::is_socket(path()));
    EXPECT_TRUE(can_connect(socket.address()));
    EXPECT_TRUE(is_closed_on_exec(socket.descriptor()));
  }
  EXPECT_FALSE(exists());
}

TEST_F(ListenUnixTest, KeepsItsFileForADuplicate) {
  std::optional<ListeningSocket> first(listen_unix(path()));
  std::optional<ListeningSocket> second(first->duplicate());
  first.reset();
  EXPECT_TRUE(can_connect(second->address()));
  second.reset();
  EXPECT_FALSE(exists());
}

TEST_F(ListenUnixTest, LeavesAFileThatIsNotItsOwn) {
  {
    const ListeningSocket socket = listen_unix(path());
    std::filesystem::remove(path());
    std::ofstream(path()) << "another's";
  }
  EXPECT_TRUE(std::filesystem::is_regular_file(path()));
}

TEST_F(ListenUnixTest, FindsItsFileAgainFromAnotherDirectory) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::path(path()).parent_path());
  {
    const ListeningSocket socket = listen_unix("x");
    EXPECT_TRUE(exists());
    std::filesystem::current_path(before);
  }
  EXPECT_FALSE(exists());
}

TEST_F(ListenUnixTest, HasTheModeThatIsAskedFor) {
  for (const unsigned mode : {0600u, 0777u, 0u}) {
    const ListeningSocket socket = listen_unix(path(), {.mode = mode});
    EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms(mode));
  }
}

TEST_F(ListenUnixTest, RefusesAModeThatIsNone) {
  EXPECT_EQ(reason_at(path(), {.mode = 01000}), "listen on unix:" + path() + ": a mode has no bits beyond 0777");
  EXPECT_EQ(reason_at("@x", {.mode = 0600}), "listen on unix:@x: an abstract name has no mode");
  EXPECT_FALSE(exists());
}

TEST_F(ListenUnixTest, LeavesASocketThatIsInUse) {
  const ListeningSocket socket = listen_unix(path());
  EXPECT_EQ(reason_at(path()), in_use());
  EXPECT_TRUE(can_connect(socket.address()));
}

// Connecting to it would block, or end with EAGAIN.
TEST_F(ListenUnixTest, LeavesASocketWhoseQueueIsFull) {
  const ListeningSocket socket = listen_unix(path(), {.backlog = 0});
  const prometheus_async::aio::web::testing::RawClient client(socket.address());
  EXPECT_EQ(reason_at(path()), in_use());
  EXPECT_TRUE(exists());
}

TEST_F(ListenUnixTest, LeavesAFileThatIsNoSocket) {
  std::ofstream(path()) << "precious";
  EXPECT_EQ(reason_at(path()), in_use());
  EXPECT_TRUE(std::filesystem::is_regular_file(path()));
}

TEST_F(ListenUnixTest, NamesPathAndReasonOfAFailure) {
  const std::string absent = path("absent") + "/x";
  EXPECT_EQ(reason_at(absent), "listen on unix:" + absent + ": No such file or directory");
  EXPECT_EQ(reason_at(""), "listen on unix:: a path is needed");
}

// 107 bytes and the zero at their end; 108 for an abstract name.
TEST_F(ListenUnixTest, TakesAPathAsLongAsTheSystemDoes) {
  const std::string stem = path("");
  ASSERT_LT(stem.size(), 100u);
  EXPECT_EQ(reason_at(stem + std::string(106 - stem.size(), 'x')), "");
  EXPECT_EQ(reason_at(stem + std::string(107 - stem.size(), 'x')), "");
  const std::string longer = stem + std::string(108 - stem.size(), 'x');
  EXPECT_EQ(reason_at(longer), "listen on unix:" + longer + ": File name too long");
  EXPECT_EQ(reason_at("@" + std::string(107, 'x')), "");
  EXPECT_NE(reason_at("@" + std::string(108, 'x')), "");
}

TEST_F(ListenUnixTest, TakesAnAbstractName) {
  const ListeningSocket socket = listen_unix("@" + path());
  EXPECT_EQ(socket.address().to_string(), "unix:@" + path());
  EXPECT_TRUE(can_connect(socket.address()));
  EXPECT_FALSE(exists());
  EXPECT_EQ(reason_at("@" + path()), "listen on unix:@" + path() + ": Address already in use");
}

TEST_F(ListenUnixTest, ReplacesTheSocketOfAProcessThatIsGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    const ListeningSocket socket = listen_unix(path());
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(exists());
  const ListeningSocket socket = listen_unix(path());
  EXPECT_TRUE(can_connect(socket.address()));
}

TEST(AdoptSocket, TakesOverASocketThatListens) {
  const ListeningSocket original = std::move(listen_at("127.0.0.1").front());
  const int descriptor = ::dup(original.descriptor());
  ::fcntl(descriptor, F_SETFL, 0);
  {
    const ListeningSocket adopted = adopt_socket(descriptor);
    EXPECT_EQ(adopted.address(), original.address());
    EXPECT_EQ(adopted.descriptor(), descriptor);
    EXPECT_TRUE(is_closed_on_exec(descriptor));
    EXPECT_NE(::fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
}

TEST_F(ListenUnixTest, LeavesTheFileOfAnAdoptedSocket) {
  const ListeningSocket original = listen_unix(path());
  {
    const ListeningSocket adopted = adopt_socket(::dup(original.descriptor()));
    EXPECT_EQ(adopted.address(), original.address());
  }
  EXPECT_TRUE(exists());
}

TEST(AdoptSocket, RefusesWhatIsNoListeningStreamSocket) {
  const auto reason = [](int descriptor) {
    const std::string message = failure([&] { adopt_socket(descriptor); });
    const std::string where = "listen on descriptor " + std::to_string(descriptor) + ": ";
    EXPECT_EQ(message.substr(0, where.size()), where);
    return message.substr(std::min(where.size(), message.size()));
  };
  EXPECT_EQ(reason(-1), "Bad file descriptor");
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(reason(file), "Socket operation on non-socket");
  EXPECT_NE(::fcntl(file, F_GETFD), -1);  // still the caller's
  ::close(file);
  const int datagrams = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(reason(datagrams), "it is no stream socket: Protocol wrong type for socket");
  ::close(datagrams);
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(reason(silent), "the socket does not listen: Invalid argument");
  ::close(silent);
}

}  // namespace
}  // namespace prometheus_async::aio::net
