// SPDX-License-Identifier: Apache-2.0
//
// What a forked child has of a server that stayed in its parent: sockets that it can do nothing with, and that keep
// the port taken and clients waiting.
//
//   if (::fork() == 0) net::close_inherited_sockets(server_address);
#ifndef PROMETHEUS_ASYNC_AIO_NET_INHERITED_SOCKETS_H_
#define PROMETHEUS_ASYNC_AIO_NET_INHERITED_SOCKETS_H_

#include <cstddef>

#include "aio/net/address.h"

namespace prometheus_async::aio::net {

// Closes every socket of this process whose own end is at `address`: the one that listens there and the connections
// that were accepted. Of a wildcard address: those with its port. The parent's are untouched, and the event loop that
// they share is not told. Returns how many were closed.
//
// For a child's one thread, right after fork(). Cost: a few system calls for each descriptor of the process.
std::size_t close_inherited_sockets(const Address& address) noexcept;

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_INHERITED_SOCKETS_H_
