// SPDX-License-Identifier: Apache-2.0
//
// The event loop of a program in Twisted's style, over an asio::io_context: calls put off, ports, threads, and an
// orderly end.
//
//   tx::Reactor reactor;
//   reactor.listen_tcp(8000, EchoFactory());            // or tx::web::Site(resource)
//   reactor.call_later(60s, [&] { reactor.stop(); });
//   reactor.run();
#ifndef PROMETHEUS_ASYNC_TX_REACTOR_H_
#define PROMETHEUS_ASYNC_TX_REACTOR_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "tx/delayed_call.h"
#include "tx/factory.h"
#include "tx/internal/triggers.h"
#include "tx/listening_port.h"
#include "tx/reactor_time.h"

namespace prometheus_async::tx {

// run() while it runs.
class ReactorAlreadyRunning : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// stop() of one that does not run, or stops already; what needs a reactor that has not stopped.
class ReactorNotRunning : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// run() after stop().
class ReactorNotRestartable : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

struct RunOptions {
  // SIGINT and SIGTERM stop the reactor; a second one makes run() return at once, as crash() does.
  bool install_signal_handlers = true;
};

enum class Phase : std::uint8_t { kBefore, kDuring, kAfter };
enum class SystemEvent : std::uint8_t { kStartup, kShutdown };

class Reactor;

namespace internal {

// What the functions of tx/threads.h need beyond the public face.
struct ReactorThreads {
  // Whether the reactor has stopped, so that its threads are joined. On the loop's thread.
  static bool are_closed(const Reactor& reactor);
  static void submit(Reactor& reactor, const std::shared_ptr<ScheduledCall>& call);
  // From a thread of the pool, for something that may only be destroyed on the loop's thread.
  static void give_back(Reactor& reactor, std::shared_ptr<ScheduledCall> call);
  // False if it will never run.
  static bool post(Reactor& reactor, const std::shared_ptr<ScheduledCall>& call);
};

}  // namespace internal

// Starts when its io_context is first run, by run() or, if the io_context is an application's, by the application: it
// works the same way then, beside whatever else uses the io_context. Functions it was given before wait until then.
//
// What a function throws that the loop was given (a delayed call, one from a thread, a trigger) is reported as an
// unhandled failure (tx/unhandled.h), and the loop goes on.
//
// Stopping is an orderly end, in this order: the triggers before shutdown; no more listening, and the connections end
// or, after ListenOptions::shutdown_timeout, are cancelled; the triggers during shutdown; the threads finish and are
// joined; the triggers after shutdown. Whatever of this gives a Deferred is waited for before the next. After that no
// function runs any more: delayed calls and functions from threads that are still there are dropped with the reactor,
// and Deferreds whose promises they held fail with AbandonedError.
//
// Threads: one, which runs the io_context; but for call_from_thread(), call_in_thread() and is_in_reactor_thread(),
// which any thread may call. With a Reactor(), that is the thread that calls run().
// Lifetime: an application's io_context outlives the reactor. It is destroyed on its thread, not inside of run(); it
// joins its threads then, and so waits for the functions in them.
class Reactor final : public ReactorTime {
 public:
  // With an io_context of its own.
  Reactor();
  explicit Reactor(asio::io_context& context);
  ~Reactor() override;

  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  asio::io_context& context() { return context_; }

  // --- Running.

  // Runs until stop() has done its work, or crash(); with nothing to do, it waits. Handlers of others in the io_context
  // run too; what they throw is reported like the rest.
  // Throws ReactorAlreadyRunning inside of itself or of the io_context's run(), ReactorNotRestartable after stop().
  void run(RunOptions options = {});

  // Ends the reactor in an orderly way, from the next turn of the loop on. An io_context that the application runs goes
  // on without the reactor.
  // Throws ReactorNotRunning if it has not started, or is stopping already.
  void stop();

  // Makes run() return after the present turn of the loop, and nothing more: no trigger runs. It may be run again.
  void crash();

  // Whether startup has got as far as the functions given to call_when_running().
  bool running() const;

  // Calls it now if it is running; else at the end of startup, in the order of the calls.
  template <class F>
  void call_when_running(F&& function) {
    if (running()) {
      static_cast<void>(std::forward<F>(function)());
    } else {
      add_system_event_trigger(Phase::kAfter, SystemEvent::kStartup, std::forward<F>(function));
    }
  }

  using TriggerId = std::uint64_t;
  // Calls the function once when the event gets to the phase. What it gives, if it is a Deferred, is waited for before
  // the next phase; a failure is reported.
  // Semantics: Twisted's addSystemEventTrigger, which waits in the first phase only.
  template <class F>
  TriggerId add_system_event_trigger(Phase phase, SystemEvent event, F&& function) {
    return add_trigger(phase, event,
                       std::make_unique<internal::TriggerFunction<std::decay_t<F>>>(std::forward<F>(function)));
  }
  // Throws std::invalid_argument if it has run or was removed.
  void remove_system_event_trigger(TriggerId id);

  // --- Time: call_later() is ReactorTime's.

  TimePoint now() const override { return std::chrono::steady_clock::now(); }

  // --- Threads.

  // Calls function(args...) in a later turn of the loop, in the order of these calls; they are destroyed there as well.
  // From any thread, the loop's own included. After stop(), it is dropped with the reactor.
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>&, std::decay_t<Args>...>
  void call_from_thread(F&& function, Args&&... args) {
    internal::ReactorThreads::give_back(*this,
                                        internal::make_call(std::forward<F>(function), std::forward<Args>(args)...));
  }

  // Calls function(args...) on a thread of the pool, and destroys them there; once the reactor has started. From any
  // thread.
  // Throws ReactorNotRunning once it has stopped.
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>&, std::decay_t<Args>...>
  void call_in_thread(F&& function, Args&&... args) {
    internal::ReactorThreads::submit(*this,
                                     internal::make_call(std::forward<F>(function), std::forward<Args>(args)...));
  }

  // How many threads the pool has; 10 if nothing was said. They are made with the first function for them.
  // Throws std::invalid_argument for 0, std::logic_error once they are there.
  void suggest_thread_pool_size(std::size_t size);

  bool is_in_reactor_thread() const;

  // --- Ports.

  // Listens from now on, and gives connections to the factory, once the loop runs.
  // Throws CannotListenError, ReactorNotRunning once it has stopped, and what the factory's do_start() throws.
  ListeningPort listen_tcp(std::uint16_t port, std::shared_ptr<Factory> factory, ListenOptions options = {}) {
    return listen(port, std::move(factory), nullptr, std::move(options));
  }
  template <class F>
    requires std::derived_from<std::remove_cvref_t<F>, Factory>
  ListeningPort listen_tcp(std::uint16_t port, F&& factory, ListenOptions options = {}) {
    return listen_tcp(port, share(std::forward<F>(factory)), std::move(options));
  }

  // The same with TLS. Throws std::invalid_argument if `tls` is null.
  ListeningPort listen_ssl(std::uint16_t port, std::shared_ptr<Factory> factory,
                           std::shared_ptr<asio::ssl::context> tls, ListenOptions options = {});
  template <class F>
    requires std::derived_from<std::remove_cvref_t<F>, Factory>
  ListeningPort listen_ssl(std::uint16_t port, F&& factory, std::shared_ptr<asio::ssl::context> tls,
                           ListenOptions options = {}) {
    return listen_ssl(port, share(std::forward<F>(factory)), std::move(tls), std::move(options));
  }

 private:
  friend struct internal::ReactorThreads;
  class Impl;

  template <class F>
  static std::shared_ptr<Factory> share(F&& factory) {
    return std::make_shared<std::remove_cvref_t<F>>(std::forward<F>(factory));
  }

  // One of them is null.
  Reactor(std::unique_ptr<asio::io_context> own, asio::io_context* context);

  DelayedCall schedule(Duration delay, std::shared_ptr<internal::ScheduledCall> call) override;
  TriggerId add_trigger(Phase phase, SystemEvent event, std::unique_ptr<internal::Trigger> trigger);
  ListeningPort listen(std::uint16_t port, std::shared_ptr<Factory> factory, std::shared_ptr<asio::ssl::context> tls,
                       ListenOptions options);

  const std::unique_ptr<asio::io_context> own_context_;  // null with an application's
  asio::io_context& context_;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_REACTOR_H_
