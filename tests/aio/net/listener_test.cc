// SPDX-License-Identifier: Apache-2.0

#include "aio/net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::net {
namespace {

using asio::ip::tcp;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using Lines = std::vector<std::string>;

ListeningSocket local_socket() { return std::move(listen_numeric("127.0.0.1", 0).front()); }

class ListenerTest : public ::testing::Test {
 protected:
  Log log() {
    return [this](std::string_view line) { lines_.emplace_back(line); };
  }

  std::future<std::optional<Socket>> start_accepting(Listener& listener) {
    return asio::co_spawn(io_context_, listener.accept(), asio::use_future);
  }
  void run() {
    io_context_.restart();
    io_context_.run();
  }
  tcp::socket connect(const Listener& listener) {
    tcp::socket client(io_context_);
    client.connect({asio::ip::make_address("127.0.0.1"), listener.address().port});
    return client;
  }
  // Whether the other side has closed by now.
  static bool is_closed(tcp::socket& client) {
    client.non_blocking(true);
    char byte;
    boost::system::error_code error;
    client.read_some(asio::buffer(&byte, 1), error);
    return error && error != asio::error::would_block;
  }
  std::optional<Socket> accept(Listener& listener) {
    auto accepted = start_accepting(listener);
    run();
    return accepted.get();
  }

  asio::io_context io_context_{1};
  Lines lines_;
};

TEST_F(ListenerTest, AcceptsTcpConnectionsWithoutDelay) {
  Listener listener(io_context_.get_executor(), local_socket(), log());
  const tcp::socket client = connect(listener);
  std::optional<Socket> socket = accept(listener);
  ASSERT_TRUE(socket);
  EXPECT_EQ(address_of(socket->remote_endpoint()), address_of(client.local_endpoint()));
  tcp::no_delay no_delay;
  socket->get_option(no_delay);
  EXPECT_TRUE(no_delay.value());
  asio::socket_base::keep_alive keep_alive;
  socket->get_option(keep_alive);
  EXPECT_TRUE(keep_alive.value());
  EXPECT_EQ(::fcntl(socket->native_handle(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(lines_, Lines());
}

TEST_F(ListenerTest, AcceptsOfAnAdoptedSocketWithoutDelay) {
  const ListeningSocket original = local_socket();
  const int off = 0;
  ::setsockopt(original.descriptor(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
  Listener listener(io_context_.get_executor(), adopt_socket(::dup(original.descriptor())), log());
  const RawClient client(listener.address());
  std::optional<Socket> socket = accept(listener);
  ASSERT_TRUE(socket);
  tcp::no_delay no_delay;
  socket->get_option(no_delay);
  EXPECT_TRUE(no_delay.value());
}

TEST_F(ListenerTest, AcceptsUnixConnectionsOfClientsWithoutAName) {
  const std::string path = "@listener_test." + std::to_string(::getpid());
  Listener listener(io_context_.get_executor(), listen_unix(path), log());
  EXPECT_EQ(listener.address().to_string(), "unix:" + path);
  const RawClient client(listener.address());
  std::optional<Socket> socket = accept(listener);
  ASSERT_TRUE(socket);
  EXPECT_EQ(address_of(socket->remote_endpoint()).to_string(), "unix:");
  EXPECT_EQ(address_of(socket->local_endpoint()).to_string(), "unix:" + path);
}

TEST_F(ListenerTest, EndsWhenItIsClosed) {
  Listener listener(io_context_.get_executor(), local_socket(), log());
  auto none = start_accepting(listener);
  io_context_.poll();
  listener.close();
  EXPECT_FALSE(can_connect(listener.address()));
  EXPECT_EQ(listener.address().host, "127.0.0.1");
  run();
  EXPECT_FALSE(none.get());
  EXPECT_FALSE(accept(listener));
}

TEST_F(ListenerTest, RemovesTheFileOfAUnixSocketWhenItIsClosed) {
  const std::string path = std::filesystem::temp_directory_path() / ("listener." + std::to_string(::getpid()));
  Listener listener(io_context_.get_executor(), listen_unix(path), log());
  EXPECT_TRUE(std::filesystem::exists(path));
  listener.close();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListenerTest, AcceptsOnAfterAClientThatIsGoneAlready) {
  Listener listener(io_context_.get_executor(), local_socket(), log());
  {
    tcp::socket gone = connect(listener);
    gone.set_option(asio::socket_base::linger(true, 0));
  }
  const RawClient client(listener.address());
  std::optional<Socket> socket = accept(listener);  // Linux gives the dead one
  ASSERT_TRUE(socket);
  boost::system::error_code error;
  socket->remote_endpoint(error);
  if (error) socket = accept(listener);
  ASSERT_TRUE(socket);
  EXPECT_NO_THROW(socket->remote_endpoint());
  EXPECT_EQ(lines_, Lines());
}

// Takes all descriptors that the process may have while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;  // more than are in use here
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd; (fd = ::dup(STDIN_FILENO)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (const int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

class ListenerWithoutDescriptorsTest : public ListenerTest {
 protected:
  void SetUp() override {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "the sanitizer needs descriptors itself, to see whether memory can be read";
#endif
#endif
  }
};

TEST_F(ListenerWithoutDescriptorsTest, KeepsClientsWaitingWhileTheLackIsShort) {
  Listener listener(io_context_.get_executor(), local_socket(), log());
  RawClient client(listener.address());
  auto accepted = start_accepting(listener);
  {
    const NoDescriptors lack;
    while (lines_.empty()) io_context_.run_one();
  }
  EXPECT_EQ(lines_, Lines{"accept on " + listener.address().to_string() + ": Too many open files"});
  io_context_.run();
  std::optional<Socket> socket = accepted.get();
  ASSERT_TRUE(socket);
  asio::write(*socket, asio::buffer("hello", 5));
  socket.reset();
  EXPECT_EQ(client.read_to_end(), "hello");
}

TEST_F(ListenerWithoutDescriptorsTest, TurnsClientsAwayWhileTheLackLasts) {
  std::size_t turned_away = 0;
  Listener listener(io_context_.get_executor(), local_socket(), log(),
                    [&](std::size_t count) { turned_away += count; });
  tcp::socket first = connect(listener);
  tcp::socket second = connect(listener);
  auto accepted = start_accepting(listener);
  {
    const NoDescriptors lack;
    while (!is_closed(first)) io_context_.run_one();
    EXPECT_TRUE(is_closed(second));
    EXPECT_EQ(accepted.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  EXPECT_EQ(lines_.size(), 1u);  // of two tries within a second
  EXPECT_EQ(turned_away, 2u);
  tcp::socket third = connect(listener);
  io_context_.run();
  EXPECT_TRUE(accepted.get());
}

// The descriptor in reserve is not lost with its first use.
TEST_F(ListenerWithoutDescriptorsTest, TurnsClientsAwayAgain) {
  Listener listener(io_context_.get_executor(), local_socket(), log());
  tcp::socket first = connect(listener);
  tcp::socket second(io_context_, tcp::v4());
  auto accepted = start_accepting(listener);
  {
    const NoDescriptors lack;
    while (!is_closed(first)) io_context_.run_one();
    second.connect({asio::ip::make_address("127.0.0.1"), listener.address().port});
    while (!is_closed(second)) io_context_.run_one();
  }
  listener.close();
  io_context_.run();
  EXPECT_FALSE(accepted.get());
}

}  // namespace
}  // namespace prometheus_async::aio::net
