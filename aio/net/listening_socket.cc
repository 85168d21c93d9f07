// SPDX-License-Identifier: Apache-2.0

#include "aio/net/listening_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/net/socket.h"

namespace prometheus_async::aio::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(std::error_code reason, const std::string& where) {
  throw std::system_error(reason, "listen on " + where);
}

// Of a system call.
void check(int result, const std::string& where) {
  if (result < 0) fail({errno, std::generic_category()}, where);
}

void set_option(int descriptor, int level, int name, bool value, const std::string& where) {
  const int number = value ? 1 : 0;
  check(::setsockopt(descriptor, level, name, &number, sizeof number), where);
}

int option(int descriptor, int name, const std::string& where) {
  int value = 0;
  socklen_t size = sizeof value;
  check(::getsockopt(descriptor, SOL_SOCKET, name, &value, &size), where);
  return value;
}

// What is bound is known by its own address, which has the port if the system chose it.
Address local_address(int descriptor, const std::string& where) {
  Endpoint endpoint;
  socklen_t size = static_cast<socklen_t>(endpoint.capacity());
  check(::getsockname(descriptor, endpoint.data(), &size), where);
  endpoint.resize(size);
  return address_of(endpoint);
}

// Connections inherit both.
void set_for_connections(int descriptor, bool keep_alive, const std::string& where) {
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, true, where);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, keep_alive, where);
}

// This machine lacks the address or its whole family: no reason to fail if a name has others.
bool is_absent_here(const std::system_error& error) {
  return error.code() == std::errc::address_not_available || error.code() == std::errc::address_family_not_supported;
}

asio::awaitable<std::vector<tcp::endpoint>> look_up(std::string host, std::uint16_t port) {
  error_code ec;
  const asio::ip::address numeric = asio::ip::make_address(host, ec);
  if (!ec) co_return std::vector<tcp::endpoint>(1, tcp::endpoint(numeric, port));
  tcp::resolver resolver(co_await asio::this_coro::executor);
  const std::string service = std::to_string(port);
  const auto [error, results] = co_await resolver.async_resolve(
      host, service, tcp::resolver::passive | tcp::resolver::numeric_service, kAwaitTuple);
  if (error) fail(error, Address{host, port}.to_string());
  co_return std::vector<tcp::endpoint>(results.begin(), results.end());
}

sockaddr_un unix_name(const std::string& path, socklen_t& size) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const bool is_abstract = path.starts_with('@');
  // A file's name needs its terminating zero; an abstract one begins with a zero, in place of the @.
  if (path.size() + (is_abstract ? 0 : 1) > sizeof name.sun_path) {
    fail(std::make_error_code(std::errc::filename_too_long), "unix:" + path);
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  if (is_abstract) name.sun_path[0] = '\0';
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  return name;
}

const sockaddr* as_sockaddr(const sockaddr_un& name) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&name));
}

// Whether there is a socket that nobody listens on any more.
bool is_stale(const std::string& path, const sockaddr_un& name, socklen_t size) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (client < 0) return false;
  const bool is_refused = ::connect(client, as_sockaddr(name), size) != 0 && errno == ECONNREFUSED;
  ::close(client);
  return is_refused;
}

// The file of a Unix socket, and which one it was.
class SocketFile {
 public:
  explicit SocketFile(const std::string& path) : path_(std::filesystem::absolute(path)) {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) == 0) {
      device_ = status.st_dev;
      inode_ = status.st_ino;
    }
  }
  ~SocketFile() {
    struct stat status{};
    const bool is_own = ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
    if (is_own) ::unlink(path_.c_str());
  }

  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

 private:
  const std::filesystem::path path_;  // absolute: the program may go elsewhere
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace

// Makes sockets, which close themselves on the way out of what fails.
class SocketMaker {
 public:
  static ListeningSocket tcp_socket(const tcp::endpoint& endpoint, const TcpOptions& options) {
    const std::string where = Address{endpoint.address().to_string(), endpoint.port()}.to_string();
    ListeningSocket socket = open(endpoint.protocol().family(), where);
    const int descriptor = socket.descriptor_;
    set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, true, where);
    if (options.reuse_port) set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, true, where);
    if (endpoint.address().is_v6()) {  // the wildcard takes IPv4 as well; else the system's default would decide
      set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, !endpoint.address().is_unspecified(), where);
    }
    set_for_connections(descriptor, options.keep_alive, where);
    check(::bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())), where);
    check(::listen(descriptor, options.backlog), where);
    socket.address_ = local_address(descriptor, where);
    socket.is_port_shared_ = options.reuse_port;
    return socket;
  }

  static ListeningSocket unix_socket(const std::string& path, const UnixOptions& options) {
    const std::string where = "unix:" + path;
    socklen_t size = 0;
    const sockaddr_un name = unix_name(path, size);
    ListeningSocket socket = open(AF_UNIX, where);
    const bool has_file = !path.starts_with('@');
    if (::bind(socket.descriptor_, as_sockaddr(name), size) != 0) {
      const int reason = errno;
      if (reason != EADDRINUSE || !has_file || !is_stale(path, name, size)) {
        fail({reason, std::generic_category()}, where);
      }
      ::unlink(path.c_str());
      check(::bind(socket.descriptor_, as_sockaddr(name), size), where);
    }
    if (has_file) socket.file_ = std::make_shared<const SocketFile>(path);
    if (options.mode) check(::chmod(path.c_str(), static_cast<mode_t>(*options.mode)), where);
    check(::listen(socket.descriptor_, options.backlog), where);  // until here connecting is refused
    socket.address_ = Address::unix_socket(path);
    return socket;
  }

 private:
  static ListeningSocket open(int family, const std::string& where) {
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(descriptor, where);
    return ListeningSocket(descriptor);
  }
};

namespace {

// At those that this machine has, which is one or more.
std::vector<ListeningSocket> listen_at_each(std::vector<tcp::endpoint> endpoints, const TcpOptions& options) {
  std::vector<ListeningSocket> sockets;
  std::optional<std::system_error> absent;
  for (tcp::endpoint& endpoint : endpoints) {
    if (!sockets.empty()) endpoint.port(sockets.front().address().port);
    try {
      sockets.push_back(SocketMaker::tcp_socket(endpoint, options));
    } catch (const std::system_error& error) {
      if (!is_absent_here(error)) throw;
      absent.emplace(error);
    }
  }
  if (sockets.empty()) throw std::system_error(*absent);
  return sockets;
}

}  // namespace

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      address_(std::move(other.address_)),
      is_port_shared_(other.is_port_shared_),
      file_(std::move(other.file_)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(address_, other.address_);
  std::swap(is_port_shared_, other.is_port_shared_);
  std::swap(file_, other.file_);
  return *this;
}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ListeningSocket ListeningSocket::duplicate() const {
  const int descriptor = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  check(descriptor, address_.to_string());
  ListeningSocket other(descriptor);
  other.address_ = address_;
  other.is_port_shared_ = is_port_shared_;
  other.file_ = file_;
  return other;
}

ListeningSocket::Parts ListeningSocket::release() { return {std::exchange(descriptor_, -1), std::move(file_)}; }

asio::awaitable<std::vector<ListeningSocket>> listen(std::string host, std::uint16_t port, TcpOptions options) {
  if (host.empty()) co_return listen_numeric(host, port, options);
  std::vector<tcp::endpoint> endpoints = co_await look_up(host, port);
  co_return listen_at_each(std::move(endpoints), options);
}

std::vector<ListeningSocket> listen_numeric(const std::string& host, std::uint16_t port, const TcpOptions& options) {
  if (!host.empty()) {
    error_code ec;
    const asio::ip::address address = asio::ip::make_address(host, ec);
    if (ec) fail(ec, Address{host, port}.to_string());
    return listen_at_each({{address, port}}, options);
  }
  try {
    return listen_at_each({{tcp::v6(), port}}, options);  // which takes IPv4 as well
  } catch (const std::system_error& error) {
    if (!is_absent_here(error)) throw;
  }
  return listen_at_each({{tcp::v4(), port}}, options);
}

ListeningSocket listen_unix(const std::string& path, const UnixOptions& options) {
  const auto reject = [&path](const std::string& rule) {
    throw std::invalid_argument("listen on unix:" + path + ": " + rule);
  };
  if (path.empty()) reject("a path is needed");
  if (options.mode && *options.mode > 0777) reject("a mode has no bits beyond 0777");
  if (options.mode && path.starts_with('@')) reject("an abstract name has no mode");
  return SocketMaker::unix_socket(path, options);
}

ListeningSocket adopt_socket(int descriptor) {
  const std::string where = "descriptor " + std::to_string(descriptor);
  if (option(descriptor, SO_TYPE, where) != SOCK_STREAM) {
    fail(std::make_error_code(std::errc::wrong_protocol_type), where + ": it is no stream socket");
  }
  if (option(descriptor, SO_ACCEPTCONN, where) == 0) {
    fail(std::make_error_code(std::errc::invalid_argument), where + ": the socket does not listen");
  }
  Address address = local_address(descriptor, where);
  if (!address.is_unix()) set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, true, where);
  check(::fcntl(descriptor, F_SETFD, FD_CLOEXEC), where);
  check(::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK), where);
  ListeningSocket socket(descriptor);
  socket.address_ = std::move(address);
  return socket;
}

}  // namespace prometheus_async::aio::net
