// SPDX-License-Identifier: Apache-2.0

#include "aio/net/systemd_sockets.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace prometheus_async::aio::net {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START

std::optional<std::string> take_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::string> copy(value);
  ::unsetenv(name);
  return copy;
}

// What is positive and leaves room for the descriptors after it.
int number_in(std::string_view variable, const std::string& text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end || number <= 0 ||
      number > std::numeric_limits<int>::max() - kFirst) {
    throw std::invalid_argument(std::string(variable) + "=" + text + ": not a positive number");
  }
  return number;
}

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names(1);
  for (const char c : text) {
    if (c == ':') {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

}  // namespace

std::vector<SystemdSocket> take_systemd_sockets() {
  const std::optional<std::string> pid = take_variable("LISTEN_PID");
  const std::optional<std::string> count = take_variable("LISTEN_FDS");
  const std::optional<std::string> names = take_variable("LISTEN_FDNAMES");
  if (!pid || !count || number_in("LISTEN_PID", *pid) != ::getpid() || *count == "0") return {};
  const int number = number_in("LISTEN_FDS", *count);
  std::vector<std::string> each;
  if (names) each = split_names(*names);
  if (names && each.size() != static_cast<std::size_t>(number)) {
    throw std::invalid_argument("LISTEN_FDNAMES=" + *names + ": not LISTEN_FDS=" + *count + " names");
  }
  std::vector<SystemdSocket> sockets;
  for (int i = 0; i < number; ++i) {
    std::string name = names ? std::move(each[static_cast<std::size_t>(i)]) : "unknown";
    sockets.push_back({std::move(name), adopt_socket(kFirst + i)});
  }
  return sockets;
}

}  // namespace prometheus_async::aio::net
