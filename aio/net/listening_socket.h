// SPDX-License-Identifier: Apache-2.0
//
// Sockets that listen: made for a TCP address or a Unix path, or taken over ready-made. A net::Listener accepts from
// one, a net::Server serves what it accepts.
//
//   std::vector<net::ListeningSocket> sockets = net::listen_numeric("127.0.0.1", 8000);
//   net::ListeningSocket local = net::listen_unix("/run/x.sock", {.mode = 0660});
//   net::ListeningSocket given = net::adopt_socket(3);
#ifndef PROMETHEUS_ASYNC_AIO_NET_LISTENING_SOCKET_H_
#define PROMETHEUS_ASYNC_AIO_NET_LISTENING_SOCKET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// Listens from its making to its end. No child process that the program starts by exec inherits it.
//
// Threads: none of its own; one at a time.
class ListeningSocket {
 public:
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  // Closes it. The file of a Unix socket that was made here goes with the last duplicate, unless another file has taken
  // its name by then.
  ~ListeningSocket();

  // The same queue of connections by another descriptor. Throws std::system_error.
  ListeningSocket duplicate() const;

  const Address& address() const { return address_; }
  int descriptor() const { return descriptor_; }
  // Whether it is TCP, and was made with TcpOptions::reuse_port.
  bool is_port_shared() const { return is_port_shared_; }

  // The parts of it, for who closes the descriptor himself and drops `file` then. *this is empty.
  struct Parts {
    int descriptor;
    std::shared_ptr<const void> file;
  };
  Parts release();

 private:
  friend ListeningSocket adopt_socket(int descriptor);
  friend class SocketMaker;

  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
  Address address_;
  bool is_port_shared_ = false;
  std::shared_ptr<const void> file_;  // removes it when it goes
};

struct TcpOptions {
  // Connections that the kernel holds until they are accepted.
  int backlog = 128;
  // Lets other sockets, of this user's other processes too, listen on the same port; the kernel spreads the connections
  // over them.
  bool reuse_port = false;
  // Has the kernel look after silent connections, at its own intervals (two hours), and end those whose other side is
  // gone.
  bool keep_alive = true;
};

// Listens at every address that `host` stands for, all with the same port.
//
// An empty host is all interfaces, IPv4 and IPv6 in one socket (IPv4 alone where the system has no IPv6). A name is
// looked up without blocking; of its addresses those count that this machine has. Port 0: the system chooses.
//
// Throws std::system_error whose message is "listen on HOST:PORT: " and the reason, with nothing left listening.
asio::awaitable<std::vector<ListeningSocket>> listen(std::string host, std::uint16_t port, TcpOptions options = {});

// The same without a lookup and at once, for a host that is a numeric address or empty.
std::vector<ListeningSocket> listen_numeric(const std::string& host, std::uint16_t port,
                                            const TcpOptions& options = {});

struct UnixOptions {
  // Connections that the kernel holds until they are accepted.
  int backlog = 128;
  // The file's permissions, as 0660: those who may write may connect. Set before the first can. None: as the process'
  // umask leaves them.
  std::optional<unsigned> mode = std::nullopt;
};

// Listens at a file that it makes. One that a process left behind which is gone is replaced: a socket that refuses
// connections. `@name` has no file: it is in Linux' abstract namespace, to which everybody on the machine may connect.
//
// Throws std::system_error, "listen on unix:PATH: reason": that the address is in use if something else is there; and
// std::invalid_argument for an empty path, a mode beyond 0777, or a mode without a file.
ListeningSocket listen_unix(const std::string& path, const UnixOptions& options = {});

// Takes over a socket that somebody else has made to listen: a parent process, systemd. Of any stream family. It is
// closed in the end, and a Unix socket's file stays. It becomes non-blocking, for all who share it.
//
// Throws std::system_error, "listen on descriptor N: reason", for what is no listening stream socket; then the
// descriptor stays the caller's.
ListeningSocket adopt_socket(int descriptor);

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_LISTENING_SOCKET_H_
