// SPDX-License-Identifier: Apache-2.0

#include "aio/net/connection_group.h"

#include <exception>
#include <list>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::aio::net {

struct ConnectionGroup::State {
  // The seat as the coroutine's own: from the frame's end on, which may be the io_context's as well, nobody is asked or
  // cancelled through it. What Asio 1.26 leaves in the signal by then points into the frame.
  class Occupation {
   public:
    explicit Occupation(Seat& seat) : seat_(seat) {}
    ~Occupation() { seat_.is_taken_ = false; }

    Occupation(const Occupation&) = delete;
    Occupation& operator=(const Occupation&) = delete;

   private:
    Seat& seat_;
  };

  static asio::awaitable<void> run(Seat& seat, asio::awaitable<void> connection) {
    const Occupation occupation(seat);
    co_await std::move(connection);
  }

  explicit State(asio::any_io_executor ex) : executor(std::move(ex)) {}

  // A copy: what is called may end connections, in later turns of the loop, but new ones may come at once.
  std::vector<Seat*> snapshot() {
    std::vector<Seat*> all;
    for (Seat& seat : seats) {
      if (seat.is_taken_) all.push_back(&seat);
    }
    return all;
  }

  asio::any_io_executor executor;
  std::list<Seat> seats;
  std::list<asio::steady_timer> waiters;  // cancelled when a seat gets free
};

ConnectionGroup::ConnectionGroup(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

ConnectionGroup::~ConnectionGroup() = default;

void ConnectionGroup::spawn(const std::function<asio::awaitable<void>(Seat&)>& make) {
  const auto seat = state_->seats.emplace(state_->seats.end());
  auto leave = [state = state_, seat](const std::exception_ptr&) {
    state->seats.erase(seat);
    for (asio::steady_timer& waiter : state->waiters) waiter.cancel();
  };
  asio::co_spawn(state_->executor, State::run(*seat, make(*seat)),
                 asio::bind_cancellation_slot(seat->cancellation_.slot(), std::move(leave)));
}

std::size_t ConnectionGroup::size() const { return state_->seats.size(); }

void ConnectionGroup::stop() {
  for (Seat* seat : state_->snapshot()) {
    seat->is_stopping_ = true;
    if (seat->is_taken_ && seat->on_stop_) seat->on_stop_();
  }
}

void ConnectionGroup::abort() {
  for (Seat* seat : state_->snapshot()) {
    if (!seat->is_taken_) continue;
    seat->is_stopping_ = true;
    seat->is_aborted_ = true;
    seat->cancellation_.emit(asio::cancellation_type::terminal);
    if (seat->is_taken_ && seat->on_abort_) seat->on_abort_();
  }
}

asio::awaitable<bool> ConnectionGroup::wait_until_at_most(std::size_t count, Clock::time_point deadline) {
  const std::shared_ptr<State> state = state_;
  const auto waiter = state->waiters.emplace(state->waiters.end(), state->executor);
  while (state->seats.size() > count && Clock::now() < deadline) {
    waiter->expires_at(deadline);
    co_await waiter->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  state->waiters.erase(waiter);
  co_return state->seats.size() <= count;
}

}  // namespace prometheus_async::aio::net
