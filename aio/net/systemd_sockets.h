// SPDX-License-Identifier: Apache-2.0
//
// The sockets that systemd has opened for this service, by socket activation.
//
//   for (net::SystemdSocket& given : net::take_systemd_sockets()) {
//     std::cout << given.name << " at " << given.socket.address().to_string() << '\n';
//   }
#ifndef PROMETHEUS_ASYNC_AIO_NET_SYSTEMD_SOCKETS_H_
#define PROMETHEUS_ASYNC_AIO_NET_SYSTEMD_SOCKETS_H_

#include <string>
#include <vector>

#include "aio/net/listening_socket.h"

namespace prometheus_async::aio::net {

struct SystemdSocket {
  // FileDescriptorName= of the unit; "unknown" if systemd did not say.
  std::string name;
  ListeningSocket socket;
};

// In the unit's order; none if systemd gave none, or gave them to another process (LISTEN_PID). Unsets LISTEN_FDS,
// LISTEN_PID and LISTEN_FDNAMES, so that no child process takes them for its own and a second call finds none.
//
// Throws std::system_error, "listen on descriptor N: reason", if one is no listening stream socket (Accept=yes is for
// other programs), and std::invalid_argument that names a variable which is malformed.
//
// Threads: none may read or write the environment at the same time; so call it before others are started.
// Semantics: sd_listen_fds_with_names(3) with unset_environment.
std::vector<SystemdSocket> take_systemd_sockets();

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_SYSTEMD_SOCKETS_H_
