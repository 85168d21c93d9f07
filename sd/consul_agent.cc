// SPDX-License-Identifier: Apache-2.0
#include "sd/consul_agent.h"

#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "sd/internal/consul_keeper.h"
#include "sd/internal/consul_rules.h"
#include "sd/internal/consul_service.h"

namespace prometheus_async::sd {

using internal::ConsulKeeper;

struct ConsulAgent::State {
  std::shared_ptr<const ConsulOptions> options;
  std::mutex mutex;
  std::vector<std::weak_ptr<ConsulKeeper>> keepers;  // guarded by mutex

  std::vector<std::shared_ptr<ConsulKeeper>> live() {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<ConsulKeeper>> all;
    for (const std::weak_ptr<ConsulKeeper>& known : keepers) {
      if (std::shared_ptr<ConsulKeeper> keeper = known.lock()) all.push_back(std::move(keeper));
    }
    return all;
  }
};

namespace {

// What the copies of a Deregister share: the last one to go ends the keeping.
struct Held {
  explicit Held(std::shared_ptr<ConsulKeeper> held) : keeper(std::move(held)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { keeper->abandon(); }

  const std::shared_ptr<ConsulKeeper> keeper;
};

asio::awaitable<void> leave(std::shared_ptr<const Held> held) { co_await ConsulKeeper::leave(held->keeper); }

asio::awaitable<void> maintain(std::vector<std::shared_ptr<ConsulKeeper>> keepers, std::optional<std::string> reason) {
  std::exception_ptr failure;
  for (const std::shared_ptr<ConsulKeeper>& keeper : keepers) {
    try {
      co_await ConsulKeeper::maintain(keeper, reason);
    } catch (const ConsulError&) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

ConsulAgent::ConsulAgent(ConsulOptions options) {
  internal::check(options);
  state_ = std::make_shared<State>();
  state_->options = std::make_shared<const ConsulOptions>(std::move(options));
}

asio::awaitable<Deregister> ConsulAgent::enroll(Endpoint endpoint) const { return enroll(state_, std::move(endpoint)); }

asio::awaitable<Deregister> ConsulAgent::enroll(std::shared_ptr<State> state, Endpoint endpoint) {
  internal::ConsulService service(state->options, endpoint);
  const auto executor = co_await asio::this_coro::executor;
  auto keeper = std::make_shared<ConsulKeeper>(executor, state->options, std::move(service));
  const auto held = std::make_shared<const Held>(keeper);
  co_await ConsulKeeper::start(keeper);
  {
    const std::lock_guard lock(state->mutex);
    std::erase_if(state->keepers, [](const auto& known) { return known.expired(); });
    state->keepers.push_back(keeper);
  }
  Deregister deregister([held] { return leave(held); }, [held] { return held->keeper->is_registered(); });
  co_return deregister;
}

asio::awaitable<void> ConsulAgent::enable_maintenance(std::string reason) const {
  return maintain(state_->live(), std::move(reason));
}

asio::awaitable<void> ConsulAgent::disable_maintenance() const { return maintain(state_->live(), std::nullopt); }

}  // namespace prometheus_async::sd
