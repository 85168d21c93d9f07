// SPDX-License-Identifier: Apache-2.0

#include "aio/net/socket.h"

#include <sys/socket.h>

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

using asio::ip::tcp;
using asio::local::stream_protocol;

TEST(Address, PutsIpv6InBrackets) {
  EXPECT_EQ((Address{"127.0.0.1", 80}.to_string()), "127.0.0.1:80");
  EXPECT_EQ((Address{"::1", 8000}.to_string()), "[::1]:8000");
  EXPECT_FALSE((Address{"::1", 8000}.is_unix()));
}

TEST(Address, NamesAUnixSocketByItsPath) {
  const Address address = Address::unix_socket("/run/x.sock");
  EXPECT_EQ(address.to_string(), "unix:/run/x.sock");
  EXPECT_TRUE(address.is_unix());
  EXPECT_EQ(address.path(), "/run/x.sock");
}

TEST(AddressOf, KnowsEachFamily) {
  EXPECT_EQ(address_of(tcp::endpoint(asio::ip::make_address("127.0.0.1"), 80)).to_string(), "127.0.0.1:80");
  EXPECT_EQ(address_of(tcp::endpoint(asio::ip::make_address("::1"), 80)).to_string(), "[::1]:80");
  EXPECT_EQ(address_of(stream_protocol::endpoint("/run/x.sock")).to_string(), "unix:/run/x.sock");
  EXPECT_EQ(address_of(stream_protocol::endpoint(std::string("\0name", 5))).to_string(), "unix:@name");
  EXPECT_EQ(address_of(stream_protocol::endpoint("")).to_string(), "unix:");
  EXPECT_EQ(address_of(Endpoint()), Address());
}

TEST(Socket, IsMadeOfAUnixOne) {
  asio::io_context io_context(1);
  stream_protocol::socket one(io_context);
  stream_protocol::socket other(io_context);
  asio::local::connect_pair(one, other);
  const Socket socket(std::move(one));
  EXPECT_EQ(address_of(socket.remote_endpoint()).to_string(), "unix:");
}

}  // namespace
}  // namespace prometheus_async::aio::net
