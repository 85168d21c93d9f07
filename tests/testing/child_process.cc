// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace prometheus_async::testing {
namespace {

constexpr std::chrono::milliseconds kPollInterval{10};

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string output_directory() {
  for (const char* name : {"TEST_UNDECLARED_OUTPUTS_DIR", "TEST_TMPDIR"}) {
    if (const char* directory = std::getenv(name)) return directory;
  }
  return std::filesystem::temp_directory_path();
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const std::vector<std::string>& environment)
    : program_(argv.at(0)) {
  output_path_ = output_directory() + "/" + std::filesystem::path(program_).filename().string() + ".XXXXXX";
  const int output = ::mkostemp(output_path_.data(), O_CLOEXEC | O_APPEND);
  if (output < 0) throw_errno(output_path_);
  int failure[2];  // carries errno out of a child that could not exec
  if (::pipe2(failure, O_CLOEXEC) != 0) throw_errno("pipe2");

  // Everything that allocates comes before the fork.
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = environment;  // first, so that they win
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> variable_pointers = pointers(variables);
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // the parent was gone before the line above
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(null, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvpe(argument_pointers[0], argument_pointers.data(), variable_pointers.data());
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(failure[1], &error, sizeof error);
    ::_exit(127);
  }
  int error = pid_ < 0 ? errno : 0;
  ::close(output);
  ::close(failure[1]);
  if (pid_ > 0 && ::read(failure[0], &error, sizeof error) == sizeof error) ::waitpid(pid_, nullptr, 0);
  ::close(failure[0]);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start " + program_);
  // glibc 2.36 declares pidfd_open without extern "C".
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) {
    error = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw std::system_error(error, std::generic_category(), "pidfd_open");
  }
}

ChildProcess::~ChildProcess() {
  terminate();
  ::close(pidfd_);
}

std::string ChildProcess::output() const {
  std::ifstream file(output_path_, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::optional<std::string> ChildProcess::wait_for_line(std::string_view text, std::chrono::milliseconds limit) {
  std::optional<std::string> found;
  const auto look = [&] {
    std::istringstream lines(output());
    // A line without its end may still be growing: getline sets eof on it.
    for (std::string line; std::getline(lines, line) && !lines.eof();) {
      if (line.find(text) == std::string::npos) continue;
      found = line;
      return true;
    }
    return false;
  };
  wait_until(look, limit);
  if (!found) look();  // its last words
  return found;
}

bool ChildProcess::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline || ended(kPollInterval)) return false;
  }
  return true;
}

std::optional<int> ChildProcess::wait_for_exit(std::chrono::milliseconds limit) {
  ended(limit);
  return status_;
}

void ChildProcess::send_signal(int signal) {
  if (!ended(std::chrono::milliseconds(0))) ::kill(pid_, signal);
}

int ChildProcess::terminate() {
  send_signal(SIGTERM);
  if (!ended(kLimit)) {
    send_signal(SIGKILL);
    while (!ended(kLimit)) {
    }
  }
  return *status_;
}

bool ChildProcess::ended(std::chrono::milliseconds limit) {
  if (status_) return true;
  pollfd event{pidfd_, POLLIN, 0};
  if (::poll(&event, 1, static_cast<int>(limit.count())) <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) throw_errno("waitpid");
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

ReservedPort::ReservedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // The sockets API takes every address family through sockaddr*.
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd_ < 0 || ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || ::bind(fd_, generic, size) != 0 ||
      ::getsockname(fd_, generic, &size) != 0) {
    throw_errno("cannot reserve a port");
  }
  number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() { ::close(fd_); }

}  // namespace prometheus_async::testing
