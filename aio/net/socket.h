// SPDX-License-Identifier: Apache-2.0
//
// A connected stream socket of any family: TCP's, or a Unix one. One type for all, so that one engine serves them all.
//
//   net::Socket socket(std::move(tcp_socket));
//   const net::Address peer = net::address_of(socket.remote_endpoint());
#ifndef PROMETHEUS_ASYNC_AIO_NET_SOCKET_H_
#define PROMETHEUS_ASYNC_AIO_NET_SOCKET_H_

#include <boost/asio/generic/stream_protocol.hpp>

#include "aio/net/address.h"

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// Made of an asio::ip::tcp::socket or an asio::local::stream_protocol::socket by moving it, which costs next to
// nothing.
using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;

// IPv4, IPv6 or Unix; empty for another family. An abstract Unix name begins with `@`; a Unix client has no name at all
// as a rule, which is the path "".
Address address_of(const Endpoint& endpoint);

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_SOCKET_H_
