// SPDX-License-Identifier: Apache-2.0

#include "tx/reactor.h"

#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tx/internal/run_call.h"
#include "tx/internal/schedule.h"
#include "tx/internal/thread_calls.h"
#include "tx/internal/worker_pool.h"
#include "tx/listening_port_impl.h"

namespace prometheus_async::tx {

using internal::report_current_exception;
using internal::ScheduledCall;
using internal::Triggers;

// What handlers in the io_context hold weakly, and coroutines strongly: it may outlast its reactor, closed.
class Reactor::Impl : public std::enable_shared_from_this<Impl> {
 public:
  enum class State : std::uint8_t { kIdle, kStarting, kRunning, kStopping, kStopped };

  Impl(Reactor& reactor, asio::io_context& context)
      : context_(context),
        timer_(std::in_place, context),
        schedule_(reactor, [this] { arm(); }),
        thread_calls_(context),
        pool_(context, thread_calls_) {}

  // The destructor of the reactor. Whatever is dropped here may still use the reactor, which takes nothing up any more.
  void close() {
    state_ = State::kStopped;
    thread_calls_.close();
    schedule_.close();
    pool_.close();
    thread_calls_.close();  // what the last functions in the pool gave back
    startup_.clear();
    shutdown_.clear();
    for (const std::shared_ptr<ListeningPort::Impl>& port : std::exchange(ports_, {})) port->abort();
    timer_.reset();
  }

  void start_soon() {
    is_start_posted_ = true;
    asio::post(context_, [weak = weak_from_this()] {
      if (const std::shared_ptr<Impl> self = weak.lock()) static_cast<void>(start(self));
    });
  }

  void run(const RunOptions& options) {
    if (is_in_run_ || context_.get_executor().running_in_this_thread()) {
      throw ReactorAlreadyRunning("Reactor::run() while the reactor runs");
    }
    if (state_ == State::kStopped) throw ReactorNotRestartable("Reactor::run() after stop(): a reactor runs once");
    context_.restart();
    if (state_ == State::kIdle) {
      state_ = State::kStarting;
      if (!is_start_posted_) start_soon();
    }
    auto work = asio::make_work_guard(context_);
    const auto signals = std::make_shared<asio::signal_set>(context_);
    if (options.install_signal_handlers) {
      signals->add(SIGINT);
      signals->add(SIGTERM);
      await_signal(signals);
    }
    is_in_run_ = true;
    for (bool is_over = false; !is_over;) {
      try {
        context_.run();
        is_over = true;
      } catch (...) {
        report_current_exception("in a handler of the reactor's io_context");
      }
    }
    is_in_run_ = false;
    signals->clear();
    signals->cancel();
    if (state_ == State::kStarting || state_ == State::kRunning) state_ = State::kIdle;
    work.reset();
    context_.restart();  // for its other users; the end of the work stops it
  }

  void stop() {
    if (!is_up()) {
      throw ReactorNotRunning(state_ == State::kIdle ? "Reactor::stop() before the reactor runs"
                                                     : "Reactor::stop() after stop()");
    }
    state_ = State::kStopping;
    asio::post(context_, [weak = weak_from_this()] {
      if (const std::shared_ptr<Impl> self = weak.lock()) static_cast<void>(shut_down(self));
    });
  }

  void crash() {
    if (is_up()) state_ = State::kIdle;
    if (state_ == State::kStopping) state_ = State::kStopped;
    if (is_in_run_) context_.stop();
  }

  bool is_running() const { return state_ == State::kRunning || state_ == State::kStopping; }
  bool has_stopped() const { return state_ == State::kStopped; }

  TriggerId add_trigger(Phase phase, SystemEvent event, std::unique_ptr<internal::Trigger> trigger) {
    Triggers& triggers = event == SystemEvent::kStartup ? startup_ : shutdown_;
    triggers.add(static_cast<std::size_t>(phase), ++last_trigger_, std::move(trigger));
    return last_trigger_;
  }

  void remove_trigger(TriggerId id) {
    if (startup_.remove(id) || shutdown_.remove(id)) return;
    throw std::invalid_argument("the system event trigger has run or was removed already");
  }

  void add_port(const std::shared_ptr<ListeningPort::Impl>& port) {
    std::erase_if(ports_, [](const auto& each) { return each->is_over(); });
    ports_.push_back(port);
  }

  internal::Schedule& schedule() { return schedule_; }
  internal::ThreadCalls& thread_calls() { return thread_calls_; }
  internal::WorkerPool& pool() { return pool_; }

 private:
  static Deferred<void> start(std::shared_ptr<Impl> self) {
    self->is_start_posted_ = false;
    if (self->state_ == State::kIdle) self->state_ = State::kStarting;
    co_await run_phase(self->startup_, Phase::kBefore);
    if (self->state_ != State::kStarting) co_return;  // stopped or crashed meanwhile
    self->state_ = State::kRunning;
    self->pool_.open();
    co_await run_phase(self->startup_, Phase::kDuring);
    if (!self->is_running()) co_return;
    co_await run_phase(self->startup_, Phase::kAfter);
  }

  static Deferred<void> shut_down(std::shared_ptr<Impl> self) {
    co_await run_phase(self->shutdown_, Phase::kBefore);
    if (self->state_ != State::kStopping) co_return;
    co_await self->shut_down_ports();
    if (self->state_ != State::kStopping) co_return;
    co_await run_phase(self->shutdown_, Phase::kDuring);
    if (self->state_ != State::kStopping) co_return;
    co_await self->pool_.wait_until_idle();
    if (self->state_ != State::kStopping) co_return;
    self->pool_.close();
    co_await run_phase(self->shutdown_, Phase::kAfter);
    if (self->state_ != State::kStopping) co_return;
    self->leave();
  }

  static Deferred<void> run_phase(Triggers& triggers, Phase phase) {
    std::vector<Triggers::Running> all = triggers.run(static_cast<std::size_t>(phase));
    for (Triggers::Running& each : all) {
      Deferred<void> end = wait_for(std::move(each.end), "in a system event trigger");
      co_await std::move(end);
    }
  }

  Deferred<void> shut_down_ports() {
    std::vector<Deferred<void>> all;
    for (const std::shared_ptr<ListeningPort::Impl>& port : ports_) all.push_back(port->shut_down());
    for (Deferred<void>& each : all) {
      Deferred<void> end = wait_for(std::move(each), "in closing a port");
      co_await std::move(end);
    }
  }

  // Fires when it has; a failure is reported.
  static Deferred<void> wait_for(Deferred<void> deferred, const char* where) {
    return std::move(deferred).add_errback([where](Failure&& failure) { report_unhandled_failure(failure, where); });
  }

  void leave() {
    state_ = State::kStopped;
    timer_->cancel();
    thread_calls_.close();
    if (is_in_run_) context_.stop();
  }

  // Started by run() or by the application's io_context, and not stopping.
  bool is_up() const { return state_ == State::kStarting || state_ == State::kRunning; }

  void await_signal(const std::shared_ptr<asio::signal_set>& signals) {
    signals->async_wait([signals, weak = weak_from_this()](const boost::system::error_code& error, int) {
      const std::shared_ptr<Impl> self = weak.lock();
      if (error || self == nullptr || !self->is_in_run_) return;
      self->await_signal(signals);
      if (self->is_up()) {
        self->stop();
      } else {
        self->crash();
      }
    });
  }

  // --- Time. One timer, for the first call; one that is cancelled or moved leaves it to fire early and look again.

  void arm() {
    if (state_ == State::kStopped) return;
    const std::optional<TimePoint> next = schedule_.next();
    if (!next) {
      armed_for_.reset();
      if (std::exchange(is_timer_set_, false)) timer_->cancel();  // or it would keep the io_context running
      return;
    }
    if (armed_for_ && *armed_for_ <= *next) return;
    armed_for_ = next;
    auto look = [weak = weak_from_this()](const boost::system::error_code& error = {}) {
      const std::shared_ptr<Impl> self = weak.lock();
      if (!error && self != nullptr && self->state_ != State::kStopped) self->run_due_calls();
    };
    if (*next <= std::chrono::steady_clock::now()) {
      asio::post(context_, std::move(look));
    } else {
      timer_->expires_at(*next);
      timer_->async_wait(std::move(look));
      is_timer_set_ = true;
    }
  }

  void run_due_calls() {
    armed_for_.reset();
    // What they add or move comes in the next turn, so that sockets get theirs.
    const internal::Schedule::Order before = schedule_.next_order();
    const TimePoint now = std::chrono::steady_clock::now();
    while (const std::shared_ptr<ScheduledCall> call = schedule_.pop_due(now, before)) {
      run_call(*call, "in a delayed call");
    }
    arm();
  }

  asio::io_context& context_;
  std::optional<asio::steady_timer> timer_;
  std::optional<TimePoint> armed_for_;
  bool is_timer_set_ = false;
  internal::Schedule schedule_;
  internal::ThreadCalls thread_calls_;
  internal::WorkerPool pool_;
  Triggers startup_;
  Triggers shutdown_;
  TriggerId last_trigger_ = 0;
  std::vector<std::shared_ptr<ListeningPort::Impl>> ports_;
  State state_ = State::kIdle;
  bool is_start_posted_ = false;
  bool is_in_run_ = false;
};

Reactor::Reactor(std::unique_ptr<asio::io_context> own, asio::io_context* context)
    : own_context_(std::move(own)),
      context_(own_context_ ? *own_context_ : *context),
      impl_(std::make_shared<Impl>(*this, context_)) {
  impl_->start_soon();
}

Reactor::Reactor()
    : Reactor(std::make_unique<asio::io_context>(1), nullptr) {}  // one thread: no locks between handlers
Reactor::Reactor(asio::io_context& context) : Reactor(nullptr, &context) {}

Reactor::~Reactor() { impl_->close(); }

void Reactor::run(RunOptions options) { impl_->run(options); }
void Reactor::stop() { impl_->stop(); }
void Reactor::crash() { impl_->crash(); }
bool Reactor::running() const { return impl_->is_running(); }

void Reactor::remove_system_event_trigger(TriggerId id) { impl_->remove_trigger(id); }

Reactor::TriggerId Reactor::add_trigger(Phase phase, SystemEvent event, std::unique_ptr<internal::Trigger> trigger) {
  return impl_->add_trigger(phase, event, std::move(trigger));
}

DelayedCall Reactor::schedule(Duration delay, std::shared_ptr<ScheduledCall> call) {
  return impl_->schedule().add(delay, std::move(call));
}

void Reactor::suggest_thread_pool_size(std::size_t size) { impl_->pool().suggest_size(size); }

bool Reactor::is_in_reactor_thread() const { return context_.get_executor().running_in_this_thread(); }

ListeningPort Reactor::listen(std::uint16_t port, std::shared_ptr<Factory> factory,
                              std::shared_ptr<asio::ssl::context> tls, ListenOptions options) {
  if (factory == nullptr) throw std::invalid_argument("a reactor listens with a factory, not with a null pointer");
  if (impl_->has_stopped()) throw ReactorNotRunning("listening on a port after Reactor::stop()");
  auto impl =
      std::make_shared<ListeningPort::Impl>(*this, port, std::move(factory), std::move(tls), std::move(options));
  impl_->add_port(impl);
  return ListeningPort(std::move(impl));
}

ListeningPort Reactor::listen_ssl(std::uint16_t port, std::shared_ptr<Factory> factory,
                                  std::shared_ptr<asio::ssl::context> tls, ListenOptions options) {
  if (tls == nullptr) throw std::invalid_argument("listen_ssl() takes a TLS context, not a null pointer");
  return listen(port, std::move(factory), std::move(tls), std::move(options));
}

namespace internal {

bool ReactorThreads::are_closed(const Reactor& reactor) { return reactor.impl_->pool().is_closed(); }

void ReactorThreads::submit(Reactor& reactor, const std::shared_ptr<ScheduledCall>& call) {
  if (!reactor.impl_->pool().submit(call)) throw ReactorNotRunning("a function for a thread after Reactor::stop()");
}

void ReactorThreads::give_back(Reactor& reactor, std::shared_ptr<ScheduledCall> call) {
  reactor.impl_->thread_calls().post_or_keep(std::move(call));
}

bool ReactorThreads::post(Reactor& reactor, const std::shared_ptr<ScheduledCall>& call) {
  return reactor.impl_->thread_calls().post(call);
}

}  // namespace internal
}  // namespace prometheus_async::tx
