// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {
namespace {

constexpr char kNear[] = "near";
constexpr char kFar[] = "far";

void ip(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"ip"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  ChildProcess process(argv);
  if (process.wait_for_exit() != 0) throw std::runtime_error("ip: " + process.output());
}

// Calls `function` on a thread that may leave the caller's network, and throws what it throws.
void on_a_thread(const std::function<void()>& function) {
  std::exception_ptr error;
  std::thread thread([&] {
    try {
      function();
    } catch (...) {
      error = std::current_exception();
    }
  });
  thread.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace

std::optional<std::string> enter_new_network() {
  for (const char* const program : {"ip", "nsenter"}) {
    try {
      ChildProcess({program, "-V"}).wait_for_exit();
    } catch (const std::system_error& error) {
      return error.what();
    }
  }
  if (::unshare(CLONE_NEWNET) != 0) {
    return "no network of one's own: " + std::generic_category().message(errno);
  }
  try {
    ip({"link", "set", "lo", "up"});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return std::nullopt;
}

NetworkNamespace::NetworkNamespace(const std::string& near_address, const std::string& far_address)
    : near_address_(near_address), far_address_(far_address) {
  on_a_thread([this] {
    // It lives for as long as something refers to it, which this descriptor does.
    if (::unshare(CLONE_NEWNET) == 0) fd_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "no second network");
  });
  const std::string path = launcher().at(1).substr(std::string("--net=").size());
  try {
    ip({"link", "add", kNear, "type", "veth", "peer", "name", kFar});
    ip({"link", "set", kFar, "netns", path});
    ip({"address", "add", near_address + "/24", "dev", kNear});
    ip({"link", "set", kNear, "up"});
    run_there([&] {
      ip({"link", "set", "lo", "up"});
      ip({"address", "add", far_address + "/24", "dev", kFar});
      ip({"link", "set", kFar, "up"});
    });
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

// The cable goes with the namespace.
NetworkNamespace::~NetworkNamespace() { ::close(fd_); }

std::vector<std::string> NetworkNamespace::launcher() const {
  return {"nsenter", "--net=/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_)};
}

std::vector<std::string> NetworkNamespace::command(const std::vector<std::string>& argv) const {
  std::vector<std::string> whole = launcher();
  whole.insert(whole.end(), argv.begin(), argv.end());
  return whole;
}

void NetworkNamespace::run_there(const std::function<void()>& function) const {
  on_a_thread([&] {
    if (::setns(fd_, CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "setns");
    function();
  });
}

// Each side sends to a card that is not there, so that what it sends is lost without a word, as in a cable that is cut
// between two switches. (An interface that is down is noticed by its own host, which behaves otherwise.)
void NetworkNamespace::cut() {
  constexpr char kNobody[] = "02:00:00:00:00:01";
  ip({"neighbour", "replace", far_address_, "lladdr", kNobody, "dev", kNear, "nud", "permanent"});
  run_there([&] { ip({"neighbour", "replace", near_address_, "lladdr", kNobody, "dev", kFar, "nud", "permanent"}); });
}

void NetworkNamespace::join() {
  ip({"neighbour", "delete", far_address_, "dev", kNear});
  run_there([&] { ip({"neighbour", "delete", near_address_, "dev", kFar}); });
}

}  // namespace prometheus_async::testing
