// SPDX-License-Identifier: Apache-2.0
//
// Each test runs as a service of its own would: in a child process, which has the descriptors from 3 on to itself.

#include "aio/net/systemd_sockets.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

// What `run` returns, in a child that systemd gave as many sockets as `count`.
std::string in_service(int count, const std::function<std::string()>& run) {
  int pipe[2];
  EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::fcntl(pipe[1], F_DUPFD, 100);
    std::vector<ListeningSocket> sockets;
    for (int i = 0; i < count; ++i) {
      sockets.push_back(std::move(listen_numeric("127.0.0.1", 0).front()));
      const int high = ::fcntl(sockets.back().release().descriptor, F_DUPFD, 100);
      ::dup2(high, 3 + i);
    }
    const std::string result = run();
    const bool is_written = ::write(out, result.data(), result.size()) == static_cast<ssize_t>(result.size());
    ::_exit(is_written ? 0 : 1);
  }
  ::close(pipe[1]);
  std::string result;
  char buffer[1024];
  for (ssize_t size; (size = ::read(pipe[0], buffer, sizeof buffer)) > 0;) {
    result.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return result;
}

void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
std::string own_pid() { return std::to_string(::getpid()); }

// Their names and descriptors, or what is wrong.
std::string taken() {
  try {
    std::string text;
    for (const SystemdSocket& each : take_systemd_sockets()) {
      text += each.name + "=" + std::to_string(each.socket.descriptor()) + " ";
    }
    return text;
  } catch (const std::exception& error) {
    return error.what();
  }
}

TEST(TakeSystemdSockets, FindsNoneWithoutSystemd) { EXPECT_EQ(in_service(0, taken), ""); }

TEST(TakeSystemdSockets, TakesThemInOrderWithTheirNames) {
  const auto run = [] {
    set("LISTEN_PID", own_pid());
    set("LISTEN_FDS", "2");
    set("LISTEN_FDNAMES", "http:admin");
    return taken();
  };
  EXPECT_EQ(in_service(2, run), "http=3 admin=4 ");
}

TEST(TakeSystemdSockets, CallsThemUnknownWithoutNames) {
  const auto run = [] {
    set("LISTEN_PID", own_pid());
    set("LISTEN_FDS", "1");
    return taken();
  };
  EXPECT_EQ(in_service(1, run), "unknown=3 ");
}

TEST(TakeSystemdSockets, GivesThemToNoChildAndNotTwice) {
  const auto run = [] {
    set("LISTEN_PID", own_pid());
    set("LISTEN_FDS", "1");
    set("LISTEN_FDNAMES", "http");
    const std::vector<SystemdSocket> sockets = take_systemd_sockets();
    const bool is_unset = std::getenv("LISTEN_PID") == nullptr && std::getenv("LISTEN_FDS") == nullptr &&
                          std::getenv("LISTEN_FDNAMES") == nullptr;
    const bool is_private = (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
    return std::to_string(sockets.size()) + (is_unset ? " unset" : "") + (is_private ? " private" : "") + taken();
  };
  EXPECT_EQ(in_service(1, run), "1 unset private");
}

TEST(TakeSystemdSockets, LeavesThoseOfAnotherProcess) {
  const auto run = [] {
    set("LISTEN_PID", std::to_string(::getppid()));
    set("LISTEN_FDS", "1");
    return taken() + (::fcntl(3, F_GETFD) >= 0 ? "open" : "closed");
  };
  EXPECT_EQ(in_service(1, run), "open");
}

TEST(TakeSystemdSockets, TakesZeroForNone) {
  const auto run = [] {
    set("LISTEN_PID", own_pid());
    set("LISTEN_FDS", "0");
    return taken();
  };
  EXPECT_EQ(in_service(0, run), "");
}

TEST(TakeSystemdSockets, NamesAMalformedVariable) {
  const auto reason = [](const char* name, const std::string& value) {
    const auto run = [&] {
      set("LISTEN_PID", own_pid());
      set("LISTEN_FDS", "1");
      set(name, value);
      return taken();
    };
    return in_service(1, run);
  };
  EXPECT_EQ(reason("LISTEN_FDS", "-1"), "LISTEN_FDS=-1: not a positive number");
  EXPECT_EQ(reason("LISTEN_FDS", "1x"), "LISTEN_FDS=1x: not a positive number");
  EXPECT_EQ(reason("LISTEN_FDS", "2147483645"), "LISTEN_FDS=2147483645: not a positive number");
  EXPECT_EQ(reason("LISTEN_PID", ""), "LISTEN_PID=: not a positive number");
  EXPECT_EQ(reason("LISTEN_FDNAMES", "a:b"), "LISTEN_FDNAMES=a:b: not LISTEN_FDS=1 names");
}

TEST(TakeSystemdSockets, NamesADescriptorThatDoesNotListen) {
  const auto run = [] {
    set("LISTEN_PID", own_pid());
    set("LISTEN_FDS", "2");
    ::dup2(STDIN_FILENO, 4);
    return taken();
  };
  EXPECT_EQ(in_service(1, run), "listen on descriptor 4: Socket operation on non-socket");
}

}  // namespace
}  // namespace prometheus_async::aio::net
