// SPDX-License-Identifier: Apache-2.0
//
// Sees to it that a service stays registered with Consul until it is told to leave.
//
// The agent is asked for the service with a request that it answers when it knows something else of it, or after
// ConsulOptions::watch: so an agent that forgets is noticed at once, and an idle registration costs a request a minute.
// An agent that is away is tried again after 0.05 to 1 s, for a refused connection costs next to nothing and the wait
// is what a restart costs; one that answers with errors after up to 30 s. Who keeps changing the service is answered
// ever later, up to a minute, so that two servers with one ID do not fight.
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_KEEPER_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_KEEPER_H_

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sd/consul_error.h"
#include "sd/consul_options.h"
#include "sd/internal/backoff.h"
#include "sd/internal/consul_service.h"
#include "sd/internal/registration_status.h"

namespace prometheus_async::sd::internal {

// Threads: is_registered() and abandon() on any; the coroutines on any executor, they do their work on the keeper's.
// Lifetime: held by shared_ptr, by its loops too, which run on the executor until leave() or abandon().
class ConsulKeeper : public std::enable_shared_from_this<ConsulKeeper> {
 public:
  ConsulKeeper(asio::any_io_executor executor, std::shared_ptr<const ConsulOptions> options, ConsulService service);
  ConsulKeeper(const ConsulKeeper&) = delete;
  ConsulKeeper& operator=(const ConsulKeeper&) = delete;

  // The first registration, on the executor; keeps it from then on. Throws ConsulError, or operation_aborted; then the
  // agent has been told to forget what it may have been told.
  static asio::awaitable<void> start(std::shared_ptr<ConsulKeeper> self);

  // Ends the keeping and deregisters; 4 s at most. Throws ConsulError. After a success it does nothing.
  static asio::awaitable<void> leave(std::shared_ptr<ConsulKeeper> self);

  // Puts the service into maintenance, again too after each registration; without a reason takes it out.
  static asio::awaitable<void> maintain(std::shared_ptr<ConsulKeeper> self, std::optional<std::string> reason);

  // Ends the keeping and leaves the service as it is.
  void abandon() noexcept;

  bool is_registered() const noexcept { return status_.is_registered(); }

 private:
  using Clock = std::chrono::steady_clock;
  using Duration = std::chrono::milliseconds;
  struct Loops;

  static asio::awaitable<void> keep(std::shared_ptr<Loops> loops);
  static asio::awaitable<void> beat(std::shared_ptr<Loops> loops);
  static asio::awaitable<void> leave_here(std::shared_ptr<ConsulKeeper> self);
  static asio::awaitable<void> give_token(std::shared_ptr<ConsulKeeper> self, HttpClient& client);
  static asio::awaitable<void> maintain_here(std::shared_ptr<ConsulKeeper> self, std::optional<std::string> reason);
  static asio::awaitable<void> forget(std::shared_ptr<ConsulKeeper> self);

  // One attempt to register, or one look at what the agent knows; how long to wait before the next.
  asio::awaitable<Duration> register_again(Loops& loops);
  asio::awaitable<Duration> look(Loops& loops);
  asio::awaitable<void> nap(Loops& loops, Duration duration);

  void spawn(const std::shared_ptr<Loops>& loops);
  void stop();
  void registered();
  void confirmed();
  Duration lost(RegistrationStatus::Loss loss, const char* how);
  Duration failed(const ConsulError& error);
  void say(std::string_view message) const;

  const asio::any_io_executor executor_;
  const std::shared_ptr<const ConsulOptions> options_;

  // On the executor.
  ConsulService service_;
  std::optional<std::string> maintenance_;  // the reason
  bool is_kept_ = false;
  bool is_stopping_ = false;
  bool has_left_ = false;
  bool is_due_ = false;     // to be registered
  bool is_denied_ = false;  // a token file may change that
  bool was_away_ = false;   // the agent, when it was asked last
  bool has_lost_ = false;   // not long ago
  std::string hash_;        // of what the agent knew last; empty: to be asked for
  std::string complaint_;   // said last; empty while all is well
  Clock::time_point registered_at_{};
  Backoff away_;
  Backoff errors_;
  Backoff losses_;
  int running_ = 0;                          // loops
  std::weak_ptr<asio::steady_timer> ended_;  // of who waits for their end; belongs to its frame

  RegistrationStatus status_;

  std::mutex mutex_;
  Loops* loops_ = nullptr;  // null while no loop runs; written under mutex_ and on the executor, so read under either
};

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_KEEPER_H_
