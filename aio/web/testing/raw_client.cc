// SPDX-License-Identifier: Apache-2.0

#include "aio/web/testing/raw_client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace prometheus_async::aio::web::testing {
namespace {

void limit_waiting(int fd) {
  const timeval limit{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int connect_to_unix(const net::Address& server) {
  const std::string_view path = server.path();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const bool is_abstract = path.starts_with('@');
  if (is_abstract) name.sun_path[0] = '\0';
  const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  limit_waiting(fd);
  const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&name));
  if (::connect(fd, address, static_cast<socklen_t>(size)) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  throw std::system_error(reason, std::system_category(), "connect to " + server.to_string());
}

int connect_to(const net::Address& server, int receive_buffer) {
  if (server.is_unix()) return connect_to_unix(server);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) {
    throw std::runtime_error("no address: " + server.host);
  }
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  limit_waiting(fd);
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

RawClient::RawClient(const net::Address& server, int receive_buffer) : socket_(connect_to(server, receive_buffer)) {}

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
  ssize_t size = 0;
  do {
    size = ::recv(socket_, buffer, sizeof buffer, 0);
  } while (size < 0 && errno == EINTR);  // a child's end is enough, where there is a timeout
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

std::string RawClient::read_until(std::string_view end) {
  std::size_t at;
  while ((at = unread_.find(end)) == std::string::npos) {
    if (!read_some()) throw std::runtime_error("closed before \"" + std::string(end) + "\": \"" + unread_ + "\"");
  }
  std::string text = unread_.substr(0, at + end.size());
  unread_.erase(0, text.size());
  return text;
}

std::string RawClient::read_to_end() {
  while (read_some()) {
  }
  std::string all;
  all.swap(unread_);
  return all;
}

bool can_connect(const net::Address& server) {
  try {
    RawClient client(server);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace prometheus_async::aio::web::testing
