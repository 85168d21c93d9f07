// SPDX-License-Identifier: Apache-2.0

#include "aio/net/listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::aio::net {
namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kFirstPause(100);
constexpr std::chrono::milliseconds kLongestPause(1000);
constexpr std::chrono::seconds kBetweenLines(1);
constexpr int kMostTurnedAway = 1024;  // at a time: others on the thread wait for it

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

int accept_from(int listening) { return ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }

// There is none any more, or it is the connection that failed: accept(2) reports its pending errors as its own.
bool is_of_connection(int reason) {
  switch (reason) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
  }
}

int family_of(int descriptor) {
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

}  // namespace

Listener::Listener(asio::any_io_executor executor, ListeningSocket socket, Log log, OnTurnedAway on_turned_away)
    : address_(socket.address()),
      log_(std::move(log)),
      on_turned_away_(std::move(on_turned_away)),
      family_(family_of(socket.descriptor())),
      descriptor_(executor),
      timer_(executor),
      pause_(kFirstPause) {
  descriptor_.assign(socket.descriptor());
  file_ = socket.release().file;
  reserve_ = open_reserve();
}

Listener::~Listener() { close(); }

asio::awaitable<std::optional<Socket>> Listener::accept() {
  while (is_open()) {
    // Always, so that clients who come in a stream do not keep the thread from all else.
    co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, kAwaitTuple);
    if (!is_open()) break;
    const int accepted = accept_from(descriptor_.native_handle());
    if (accepted < 0) {
      co_await recover(errno);
      continue;
    }
    pause_ = kFirstPause;
    Socket socket(descriptor_.get_executor());
    boost::system::error_code error;
    socket.assign(asio::generic::stream_protocol(family_, 0), accepted, error);
    if (!error) co_return std::move(socket);
    ::close(accepted);
    co_await recover(error.value());
  }
  co_return std::nullopt;
}

asio::awaitable<void> Listener::recover(int reason) {
  if (is_of_connection(reason)) co_return;
  log_failure(reason);
  if ((reason == EMFILE || reason == ENFILE) && pause_ > kFirstPause) turn_away();
  timer_.expires_after(pause_);
  pause_ = std::min(2 * pause_, kLongestPause);
  co_await timer_.async_wait(kAwaitTuple);
}

void Listener::turn_away() {
  if (reserve_ >= 0) ::close(reserve_);
  std::size_t count = 0;
  for (int i = 0; i < kMostTurnedAway; ++i) {
    const int accepted = accept_from(descriptor_.native_handle());
    if (accepted < 0 && !(is_of_connection(errno) && errno != EAGAIN)) break;
    if (accepted < 0) continue;
    ::close(accepted);
    ++count;
  }
  reserve_ = open_reserve();
  if (on_turned_away_ && count > 0) on_turned_away_(count);
}

void Listener::log_failure(int reason) {
  const Clock::time_point now = Clock::now();
  if (!log_ || (logged_at_ && now - *logged_at_ < kBetweenLines)) return;
  logged_at_ = now;
  log_("accept on " + address_.to_string() + ": " + std::generic_category().message(reason));
}

void Listener::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  timer_.cancel();
  file_.reset();
  if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
}

}  // namespace prometheus_async::aio::net
