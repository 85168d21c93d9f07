// SPDX-License-Identifier: Apache-2.0

#include "tx/web/announce.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sd/endpoint.h"
#include "tx/cancel_handle.h"
#include "tx/defer_later.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/from_awaitable.h"
#include "tx/promise.h"
#include "tx/race.h"
#include "tx/result.h"

namespace prometheus_async::tx::web {
namespace {

using Outcome = std::optional<Failure>;

// A Deferred that others wait for.
class Event {
 public:
  Deferred<void> wait() {
    if (has_fired_) return succeed();
    return waiting_.emplace_back().get_deferred();
  }
  void fire() {
    has_fired_ = true;
    for (Promise<void>& each : std::exchange(waiting_, {})) each.callback();
  }
  bool has_fired() const { return has_fired_; }

 private:
  bool has_fired_ = false;
  std::vector<Promise<void>> waiting_;
};

void check(const AnnounceOptions& options) {
  if (options.scheme != "http" && options.scheme != "https") {
    throw std::invalid_argument("announce: scheme '" + options.scheme + "' is neither http nor https");
  }
  for (const std::string* path : {&options.metrics_path, &options.health_path}) {
    if (path->starts_with('/') || (path->empty() && path == &options.health_path)) continue;
    throw std::invalid_argument("announce: path '" + *path + "' does not begin with a slash");
  }
  if (options.deregister_timeout <= std::chrono::milliseconds(0)) {
    throw std::invalid_argument("announce: deregister_timeout is not positive");
  }
}

Deferred<Outcome> outcome_of(Deferred<void> deferred) {
  return std::move(deferred).add_callback([] { return Outcome(); }).add_errback([](Failure&& failure) {
    return Outcome(std::move(failure));
  });
}

}  // namespace

class Announcement::State : public std::enable_shared_from_this<State> {
 public:
  State(Reactor& reactor, std::chrono::milliseconds timeout) : reactor_(reactor), timeout_(timeout) {}

  bool is_registered() const { return deregister_.is_registered(); }

  static Deferred<Announcement> enrol(std::shared_ptr<State> state, sd::ServiceDiscovery discovery,
                                      sd::Endpoint endpoint) {
    state->trigger_ =
        state->reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, ShutdownTrigger(state));
    Deferred<sd::Deregister> enrolling =
        from_awaitable(state->reactor_.context(), discovery.enroll(std::move(endpoint)));
    state->cancel_enrolling_ = enrolling.cancel_handle();
    return std::move(enrolling).add_both(
        [state](Result<sd::Deregister>&& result) -> Result<Announcement> { return state->settle(std::move(result)); });
  }

  static Deferred<void> withdraw(std::shared_ptr<State> state) {
    if (state->is_leaving_) {
      Deferred<void> over = state->over_.wait();
      co_await std::move(over);
      co_return;
    }
    state->is_leaving_ = true;
    std::vector<Deferred<Outcome>> either;
    either.push_back(outcome_of(leave(state)));
    either.push_back(defer_later(state->reactor_, state->timeout_).add_callback([timeout = state->timeout_] {
      return Outcome(Failure::make<TimeoutError>(timeout));
    }));
    Deferred<First<Outcome>> racing = race(std::move(either));
    Outcome outcome;
    try {
      First<Outcome> first = co_await std::move(racing);
      outcome = std::move(first.value);
    } catch (...) {
      outcome = Failure::current();  // cancelled
    }
    state->finish();
    if (outcome) outcome->raise_exception();
  }

 private:
  // Tells the state when the reactor has it no more, so that it is removed at most once, and not from a reactor that is
  // being destroyed.
  class ShutdownTrigger {
   public:
    explicit ShutdownTrigger(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ShutdownTrigger(ShutdownTrigger&&) noexcept = default;
    ShutdownTrigger& operator=(ShutdownTrigger&&) = delete;
    ~ShutdownTrigger() {
      if (state_) state_->trigger_.reset();
    }
    Deferred<void> operator()() {
      state_->trigger_.reset();
      return withdraw(state_);
    }

   private:
    std::shared_ptr<State> state_;
  };

  Result<Announcement> settle(Result<sd::Deregister> result) {
    if (over_.has_fired()) return Failure::make<CancelledError>();  // nobody waited any longer
    if (result.has_value()) deregister_ = *std::move(result);
    enrolled_.fire();  // leave() goes on here, if it waits
    if (!result.has_value()) {
      if (!is_leaving_) finish();
      return result.failure();
    }
    if (is_leaving_) return Failure::make<CancelledError>();
    return Announcement(shared_from_this());
  }

  // What a shutdown or withdraw() waits for.
  static Deferred<void> leave(std::shared_ptr<State> state) {
    state->cancel_enrolling_.cancel();
    Deferred<void> enrolled = state->enrolled_.wait();
    co_await std::move(enrolled);
    const sd::Deregister deregister = state->deregister_;  // lives as long as its coroutine
    if (!deregister) co_return;
    Deferred<void> undoing = from_awaitable(state->reactor_.context(), deregister());
    co_await std::move(undoing);
  }

  void finish() {
    is_leaving_ = true;
    deregister_ = nullptr;
    if (trigger_) reactor_.remove_system_event_trigger(*std::exchange(trigger_, std::nullopt));
    over_.fire();
  }

  Reactor& reactor_;
  const std::chrono::milliseconds timeout_;
  std::optional<Reactor::TriggerId> trigger_;  // until it runs
  CancelHandle cancel_enrolling_;
  Event enrolled_;  // or not: that it is over
  Event over_;
  sd::Deregister deregister_;
  bool is_leaving_ = false;
};

bool Announcement::is_registered() const { return state_->is_registered(); }
Deferred<void> Announcement::withdraw() const { return State::withdraw(state_); }

Deferred<Announcement> announce(Reactor& reactor, const ListeningPort& port, sd::ServiceDiscovery discovery,
                                AnnounceOptions options) {
  check(options);
  const auto state = std::make_shared<Announcement::State>(reactor, options.deregister_timeout);
  sd::Endpoint endpoint{.scheme = options.scheme,
                        .address = port.get_host().host,
                        .port = port.get_host().port,
                        .path = options.metrics_path,
                        .health_path = options.health_path.empty() ? options.metrics_path : options.health_path};
  return Announcement::State::enrol(state, std::move(discovery), std::move(endpoint));
}

}  // namespace prometheus_async::tx::web
