// SPDX-License-Identifier: Apache-2.0

#include "tests/aio/web/raw_client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace prometheus_async::testing {
namespace {

int connect_to(const aio::net::Address& server, int receive_buffer) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) {
    throw std::runtime_error("no address: " + server.host);
  }
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const timeval limit{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int failed = ::connect(fd, found->ai_addr, found->ai_addrlen);
  const int reason = errno;
  ::freeaddrinfo(found);
  if (failed != 0) {
    ::close(fd);
    throw std::system_error(reason, std::system_category(), "connect to " + server.to_string());
  }
  return fd;
}

}  // namespace

RawClient::RawClient(const aio::net::Address& server, int receive_buffer)
    : socket_(connect_to(server, receive_buffer)) {}

RawClient::~RawClient() { ::close(socket_); }

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::shutdown_send() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::read_some() {
  char buffer[4096];
  const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
  if (size > 0) unread_.append(buffer, static_cast<std::size_t>(size));
  if (size < 0 && errno == ECONNRESET) was_reset_ = true;
  if (size < 0 && errno != ECONNRESET)
    throw std::system_error(errno, std::system_category(), "the server says nothing");
  return size > 0;
}

RawResponse RawClient::read_response(bool answers_head) {
  std::size_t end;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_some()) throw std::runtime_error("closed in the middle of a head: \"" + unread_ + "\"");
  }
  RawResponse response;
  response.status = std::stoi(unread_.substr(9, 3));
  std::size_t line = unread_.find("\r\n") + 2;
  while (line < end + 2) {
    const std::size_t line_end = unread_.find("\r\n", line);
    const std::size_t colon = unread_.find(": ", line);
    std::string name = unread_.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    response.headers[name] = unread_.substr(colon + 2, line_end - colon - 2);
    line = line_end + 2;
  }
  unread_.erase(0, end + 4);
  const auto length = response.headers.find("content-length");
  const std::size_t size = answers_head || length == response.headers.end() ? 0 : std::stoul(length->second);
  while (unread_.size() < size) {
    if (!read_some()) throw std::runtime_error("closed in the middle of a body");
  }
  response.body = unread_.substr(0, size);
  unread_.erase(0, size);
  return response;
}

std::string RawClient::read_to_end() {
  while (read_some()) {
  }
  std::string all;
  all.swap(unread_);
  return all;
}

bool can_connect(const aio::net::Address& server) {
  try {
    RawClient client(server);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace prometheus_async::testing
