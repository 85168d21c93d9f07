// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_keeper.h"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <curl/curl.h>

#include "sd/internal/uncancelled.h"

namespace prometheus_async::sd::internal {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Result = RegistrationStatus::Result;

constexpr Milliseconds kFirstAway{100};
constexpr Milliseconds kLongestAway{1000};
constexpr Milliseconds kFirstError{500};
constexpr Milliseconds kLongestError{30'000};
constexpr Milliseconds kFirstLoss{1000};
constexpr Milliseconds kLongestLoss{60'000};
constexpr Milliseconds kTokenLook{1000};  // between two looks at a token file that may be renewed
constexpr Milliseconds kShortLook{
    1000};  // an agent that answers a watch sooner, with nothing new, is not asked at once
constexpr Milliseconds kBlindLook{30'000};  // between two looks at an agent that gives no hash to wait with
constexpr Milliseconds kLeaving{1000};      // for a registration under way, before it is given up

Result result_of(const std::error_code& code) {
  if (code.category() == http_status_category()) {
    if (code.value() == 403) return Result::kDenied;
    return code.value() / 100 == 4 && code.value() != 429 ? Result::kRefused : Result::kError;
  }
  if (code.category() == std::generic_category()) return Result::kDenied;  // no token
  switch (code.value()) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return Result::kUnreachable;
    default: return Result::kError;  // a certificate that does not fit, and what else time does not mend
  }
}

// Performs `operation` so that `signal` ends it.
template <class T>
asio::awaitable<T> until(asio::cancellation_signal& signal, asio::awaitable<T> operation) {
  const auto executor = co_await asio::this_coro::executor;
  co_return co_await asio::co_spawn(executor, std::move(operation),
                                    asio::bind_cancellation_slot(signal.slot(), asio::use_awaitable));
}

}  // namespace

// What the loops need of the event loop; belongs to their frames, and so goes with the event loop at the latest.
struct ConsulKeeper::Loops {
  explicit Loops(std::shared_ptr<ConsulKeeper> its_keeper)
      : keeper(std::move(its_keeper)), client(keeper->executor_), nap(keeper->executor_), beat(keeper->executor_) {
    const std::lock_guard lock(keeper->mutex_);
    keeper->loops_ = this;
  }
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;
  ~Loops() {
    const std::lock_guard lock(keeper->mutex_);
    keeper->loops_ = nullptr;
    if (keeper->is_kept_) keeper->status_.withdraw();  // nobody looks any more
  }

  std::shared_ptr<ConsulKeeper> keeper;
  HttpClient client;
  asio::steady_timer nap;
  asio::steady_timer beat;
  asio::cancellation_signal looking;
  asio::cancellation_signal registering;
  asio::cancellation_signal beating;
};

ConsulKeeper::ConsulKeeper(asio::any_io_executor executor, std::shared_ptr<const ConsulOptions> options,
                           ConsulService service)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      service_(std::move(service)),
      away_(kFirstAway, kLongestAway),
      errors_(kFirstError, kLongestError),
      losses_(kFirstLoss, kLongestLoss),
      status_(options_->registry != nullptr ? *options_->registry : metrics::default_registry(), service_.name(),
              service_.id()) {}

asio::awaitable<void> ConsulKeeper::start(std::shared_ptr<ConsulKeeper> self) {
  const auto loops = std::make_shared<Loops>(self);
  std::exception_ptr failure;
  bool may_be_known = true;
  try {
    co_await self->service_.put_up(loops->client, self->options_->timeout);
    self->registered();
  } catch (const ConsulError& error) {
    self->status_.count(result_of(error.code()));
    may_be_known = error.code().category() != http_status_category();
    failure = std::current_exception();
    if (self->options_->start_up == ConsulStartUp::kKeepTrying) {
      self->is_due_ = true;
      self->failed(error);
      failure = nullptr;
    }
  } catch (const boost::system::system_error&) {
    failure = std::current_exception();  // cancelled
  }
  if (failure) {
    if (may_be_known) {
      // Runs to its end though this coroutine has been, or is now, cancelled; its cancellation state stays as it was.
      asio::awaitable<void> forgetting = forget(self);
      const bool throws = co_await asio::this_coro::throw_if_cancelled();
      co_await asio::this_coro::throw_if_cancelled(false);
      co_await uncancelled(std::move(forgetting));
      co_await asio::this_coro::throw_if_cancelled(throws);
    }
    std::rethrow_exception(failure);
  }
  if (self->is_due_ || self->options_->keep_registered) self->spawn(loops);
}

asio::awaitable<void> ConsulKeeper::forget(std::shared_ptr<ConsulKeeper> self) {
  try {
    HttpClient client(self->executor_);
    co_await self->service_.take_down(client);
  } catch (const std::exception&) {  // whoever awaits this is about to throw what led here
  }
}

void ConsulKeeper::spawn(const std::shared_ptr<Loops>& loops) {
  const auto ended = [self = shared_from_this()](std::exception_ptr failure) {
    if (failure) self->status_.withdraw();  // no memory: nothing else gets here
    --self->running_;
    const std::shared_ptr<asio::steady_timer> waiting = self->ended_.lock();
    if (self->running_ == 0 && waiting) waiting->cancel();
  };
  is_kept_ = options_->keep_registered;
  ++running_;
  asio::co_spawn(executor_, keep(loops), ended);
  if (!std::holds_alternative<ConsulTtlCheck>(options_->check)) return;
  ++running_;
  asio::co_spawn(executor_, beat(loops), ended);
}

asio::awaitable<void> ConsulKeeper::keep(std::shared_ptr<Loops> loops) {
  ConsulKeeper& self = *loops->keeper;
  Duration pause{0};
  if (self.is_due_) pause = self.away_.next();
  while (!self.is_stopping_ && (self.is_due_ || self.options_->keep_registered)) {
    co_await self.nap(*loops, pause);
    if (self.is_stopping_) break;
    if (self.is_due_) {
      pause = co_await self.register_again(*loops);
    } else {
      pause = co_await self.look(*loops);
    }
  }
}

asio::awaitable<ConsulKeeper::Duration> ConsulKeeper::register_again(Loops& loops) {
  try {
    asio::awaitable<void> registering = service_.put_up(loops.client, options_->timeout);
    co_await until(loops.registering, std::move(registering));
  } catch (const ConsulError& error) {
    status_.count(result_of(error.code()));
    co_return failed(error);
  } catch (const boost::system::system_error&) {
    co_return Duration(0);  // stopping
  }
  registered();
  loops.beat.cancel();
  if (!maintenance_) co_return Duration(0);
  try {
    asio::awaitable<void> maintaining = service_.maintain(loops.client, maintenance_);
    co_await until(loops.looking, std::move(maintaining));
  } catch (const ConsulError& error) {
    say(error.what());
  } catch (const boost::system::system_error&) {
  }
  co_return Duration(0);
}

asio::awaitable<ConsulKeeper::Duration> ConsulKeeper::look(Loops& loops) {
  const Clock::time_point begin = Clock::now();
  const bool asks_to_wait = !hash_.empty();
  ConsulService::Sight sight;
  try {
    asio::awaitable<ConsulService::Sight> looking = service_.look(loops.client, hash_);
    sight = co_await until(loops.looking, std::move(looking));
  } catch (const ConsulError& error) {
    is_due_ = service_.has_old_token();
    if (is_due_) co_return Duration(0);
    co_return failed(error);
  } catch (const boost::system::system_error&) {
    co_return Duration(0);  // stopping
  }
  switch (sight.state) {
    case ConsulService::Sight::State::kGone: co_return lost(RegistrationStatus::Loss::kForgotten, "has forgotten");
    case ConsulService::Sight::State::kChanged:
      co_return lost(RegistrationStatus::Loss::kChanged, "was made to change");
    case ConsulService::Sight::State::kOurs: break;
  }
  confirmed();
  if (service_.has_old_token()) {
    is_due_ = true;
    co_return Duration(0);
  }
  const bool is_new = hash_ != sight.hash;
  hash_ = std::move(sight.hash);
  if (hash_.empty()) co_return kBlindLook;
  if (asks_to_wait && !is_new && Clock::now() - begin < kShortLook) co_return kShortLook;  // an agent about to stop
  co_return Duration(0);
}

asio::awaitable<void> ConsulKeeper::beat(std::shared_ptr<Loops> loops) {
  ConsulKeeper& self = *loops->keeper;
  const Duration interval = std::get<ConsulTtlCheck>(self.options_->check).ttl / 3;
  while (!self.is_stopping_) {
    Duration pause = interval;
    if (self.status_.is_registered()) {
      try {
        asio::awaitable<void> beating = self.service_.beat(loops->client);
        co_await until(loops->beating, std::move(beating));
      } catch (const ConsulError&) {  // if the agent has forgotten the service, or is away, the other loop knows
        pause = std::min(interval, kLongestAway);
      } catch (const boost::system::system_error&) {
        continue;  // stopping
      }
    }
    if (self.is_stopping_) break;
    boost::system::error_code woken;  // by a registration, or to stop
    loops->beat.expires_after(pause);
    co_await loops->beat.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

asio::awaitable<void> ConsulKeeper::nap(Loops& loops, Duration duration) {
  const Clock::time_point end = Clock::now() + duration;
  while (!is_stopping_ && Clock::now() < end) {
    boost::system::error_code woken;
    loops.nap.expires_at(is_denied_ ? std::min(end, Clock::now() + kTokenLook) : end);
    co_await loops.nap.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (is_denied_ && service_.refresh_token()) break;
  }
}

void ConsulKeeper::registered() {
  const bool was_known = registered_at_ != Clock::time_point();
  registered_at_ = Clock::now();
  is_due_ = false;
  hash_.clear();
  status_.count(Result::kSuccess);
  if (was_known && complaint_.empty()) complaint_ = "lost";
  confirmed();
}

void ConsulKeeper::confirmed() {
  status_.confirm();
  is_denied_ = false;
  was_away_ = false;
  away_.reset();
  errors_.reset();
  if (std::exchange(complaint_, "").empty()) return;
  say(absl::StrCat(service_.title(), " is registered with the Consul agent"));
}

ConsulKeeper::Duration ConsulKeeper::lost(RegistrationStatus::Loss loss, const char* how) {
  status_.withdraw();
  status_.count(loss);
  is_due_ = true;
  hash_.clear();
  complaint_ = absl::StrCat("the Consul agent ", how, " ", service_.title(), ", which is registered again");
  say(complaint_);
  if (std::exchange(was_away_, false)) return Duration(0);  // it has started anew, and nobody is to be given way to
  const bool is_long_ago = Clock::now() - registered_at_ > kLongestLoss;
  if (is_long_ago) losses_.reset();
  const bool is_first = is_long_ago || !has_lost_;
  has_lost_ = true;
  return is_first ? Duration(0) : losses_.next();
}

ConsulKeeper::Duration ConsulKeeper::failed(const ConsulError& error) {
  const Result result = result_of(error.code());
  status_.withdraw();
  hash_.clear();
  is_denied_ = result == Result::kDenied;
  was_away_ = result == Result::kUnreachable;
  if (complaint_ != error.what()) {
    complaint_ = error.what();
    say(complaint_);
  }
  return result == Result::kUnreachable ? away_.next() : errors_.next();
}

void ConsulKeeper::say(std::string_view message) const {
  if (options_->log) options_->log(message);
}

void ConsulKeeper::stop() {
  is_stopping_ = true;
  if (loops_ == nullptr) return;
  loops_->nap.cancel();
  loops_->beat.cancel();
  loops_->looking.emit(asio::cancellation_type::terminal);
  loops_->beating.emit(asio::cancellation_type::terminal);
}

void ConsulKeeper::abandon() noexcept {
  const std::lock_guard lock(mutex_);
  if (loops_ == nullptr) return;
  try {
    asio::post(executor_, [self = shared_from_this()] { self->stop(); });
  } catch (const std::bad_alloc&) {  // kept on, then
  }
}

asio::awaitable<void> ConsulKeeper::leave(std::shared_ptr<ConsulKeeper> self) {
  asio::awaitable<void> leaving = leave_here(self);
  co_await asio::co_spawn(self->executor_, std::move(leaving), asio::use_awaitable);
}

// The agent takes the service off Consul's servers with the token that it was registered with, which may be void by
// now: then it would be gone here and stay there.
asio::awaitable<void> ConsulKeeper::give_token(std::shared_ptr<ConsulKeeper> self, HttpClient& client) {
  try {
    co_await self->service_.put_up(client, kLeaving);
  } catch (const ConsulError&) {  // the deregistration has the same to say
  }
}

asio::awaitable<void> ConsulKeeper::leave_here(std::shared_ptr<ConsulKeeper> self) {
  self->stop();
  if (self->running_ > 0) {
    // A registration under way is let come to its end, lest it arrive after the deregistration.
    const auto ended = std::make_shared<asio::steady_timer>(self->executor_, kLeaving);
    self->ended_ = ended;
    boost::system::error_code woken;
    co_await ended->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (self->running_ > 0) {
      ended->expires_at(Clock::time_point::max());
      if (self->loops_ != nullptr) self->loops_->registering.emit(asio::cancellation_type::terminal);
      if (self->running_ > 0) co_await ended->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
  }
  if (self->has_left_) co_return;
  if (self->options_->deregister) {
    HttpClient client(self->executor_);
    self->service_.refresh_token();
    if (self->service_.has_old_token()) co_await give_token(self, client);
    co_await self->service_.take_down(client);
  }
  self->has_left_ = true;
  self->status_.withdraw();
}

asio::awaitable<void> ConsulKeeper::maintain(std::shared_ptr<ConsulKeeper> self, std::optional<std::string> reason) {
  asio::awaitable<void> maintaining = maintain_here(self, std::move(reason));
  co_await asio::co_spawn(self->executor_, std::move(maintaining), asio::use_awaitable);
}

asio::awaitable<void> ConsulKeeper::maintain_here(std::shared_ptr<ConsulKeeper> self,
                                                  std::optional<std::string> reason) {
  HttpClient client(self->executor_);
  co_await self->service_.maintain(client, reason);
  self->maintenance_ = std::move(reason);
}

}  // namespace prometheus_async::sd::internal
