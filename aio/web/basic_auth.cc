// SPDX-License-Identifier: Apache-2.0

#include "aio/web/basic_auth.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/http/ascii.h"
#include "aio/net/offload.h"

namespace prometheus_async::aio::web {
namespace {

// Who waits for a password. In the frame of its coroutine; used on that one's executor.
struct Waiter {
  explicit Waiter(asio::any_io_executor executor) : woken(executor, asio::steady_timer::time_point::max()) {}

  asio::steady_timer woken;
  std::optional<bool> result;
};

// A password that is being computed, or waits for it.
struct Computation {
  struct Entry {
    asio::any_io_executor executor;
    std::weak_ptr<Waiter> waiter;
  };

  std::string user;
  std::string password;
  std::vector<Entry> waiters;  // guarded by State::mutex
};

// Keeps a waiter in the list of a computation as long as its coroutine's frame is there.
class Place {
 public:
  Place(std::mutex& mutex, Computation& computation, const asio::any_io_executor& executor,
        const std::shared_ptr<Waiter>& waiter)
      : mutex_(mutex), computation_(computation), waiter_(waiter) {
    computation_.waiters.push_back({.executor = executor, .waiter = waiter});
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(computation_.waiters, [this](const Computation::Entry& entry) {
      return !entry.waiter.owner_before(waiter_) && !waiter_.owner_before(entry.waiter);
    });
  }

 private:
  std::mutex& mutex_;
  Computation& computation_;
  const std::shared_ptr<Waiter> waiter_;
};

Response unauthorized() {
  Response response = text("Unauthorized\n", 401);
  response.headers.set("WWW-Authenticate", "Basic");
  return response;
}

Response busy() {
  Response response = text("Service Unavailable\n", 503);
  response.headers.set("Retry-After", "1");
  return response;
}

asio::awaitable<Response> authenticate(std::shared_ptr<BasicAuth> auth, Request& request, Next next) {
  std::optional<Response> refusal = co_await auth->refusal(request);
  if (refusal) co_return std::move(*refusal);
  co_return co_await next(request);
}

}  // namespace

struct BasicAuth::State {
  explicit State(BasicAuthUsers users) : verifier(std::move(users)) {}

  // On a thread of the pool.
  static void compute(State& state, const BasicAuthVerifier::Digest& digest) {
    std::unique_lock<std::mutex> lock(state.mutex);
    const std::shared_ptr<Computation> computation = state.computations.find(digest)->second;
    if (computation->waiters.empty()) {
      state.computations.erase(digest);
      return;
    }
    lock.unlock();
    bool is_accepted = false;
    try {
      is_accepted = state.verifier.check(computation->user, computation->password);
    } catch (const std::exception&) {  // no memory: refused, and computed again when it is asked for again
    }
    state.checks.fetch_add(1, std::memory_order_relaxed);
    lock.lock();
    state.computations.erase(digest);
    // Under the lock: a waiter that is still in the list has an executor that is still there.
    for (const Computation::Entry& entry : computation->waiters) {
      asio::post(entry.executor, [waiter = entry.waiter, is_accepted] {
        const std::shared_ptr<Waiter> alive = waiter.lock();
        if (!alive) return;
        alive->result = is_accepted;
        alive->woken.cancel();
      });
    }
    computation->waiters.clear();
  }

  BasicAuthVerifier verifier;
  std::atomic<std::uint64_t> checks = 0;

  std::mutex mutex;
  std::map<BasicAuthVerifier::Digest, std::shared_ptr<Computation>> computations;
  std::optional<asio::strand<asio::thread_pool::executor_type>> one_at_a_time;  // made when it is needed
};

std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  if (!http::ascii_iequals(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string decoded;
  const std::string_view encoded = http::trim_ows(authorization.substr(kScheme.size()));
  if (!absl::Base64Unescape({encoded.data(), encoded.size()}, &decoded)) return std::nullopt;
  const std::size_t colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{.user = decoded.substr(0, colon), .password = decoded.substr(colon + 1)};
}

BasicAuth::BasicAuth(BasicAuthUsers users) : state_(std::make_shared<State>(std::move(users))) {}

asio::awaitable<BasicAuth::Verdict> BasicAuth::verify(std::string user, std::string password) {
  const BasicAuthVerifier::Digest digest = state_->verifier.digest(user, password);
  if (const std::optional<bool> known = state_->verifier.recall(digest)) {
    co_return *known ? Verdict::kAccepted : Verdict::kRefused;
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const std::shared_ptr<State> state = state_;
  const auto waiter = std::make_shared<Waiter>(executor);
  std::shared_ptr<Computation> computation;
  std::optional<Place> place;
  {
    const std::lock_guard<std::mutex> lock(state->mutex);
    // It may have been computed since; what is remembered is so before its computation goes.
    if (const std::optional<bool> known = state->verifier.recall(digest)) {
      co_return *known ? Verdict::kAccepted : Verdict::kRefused;
    }
    const auto found = state->computations.find(digest);
    if (found == state->computations.end()) {
      if (state->computations.size() >= kMaxWaiting) co_return Verdict::kBusy;
      computation = std::make_shared<Computation>();
      computation->user = std::move(user);
      computation->password = std::move(password);
      state->computations.emplace(digest, computation);
      if (!state->one_at_a_time) state->one_at_a_time.emplace(net::default_offload_pool().get_executor());
      asio::post(*state->one_at_a_time, [state, digest] { State::compute(*state, digest); });
    } else {
      computation = found->second;
    }
    place.emplace(state->mutex, *computation, executor, waiter);
  }
  co_await waiter->woken.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!waiter->result) throw boost::system::system_error(asio::error::operation_aborted);
  co_return *waiter->result ? Verdict::kAccepted : Verdict::kRefused;
}

asio::awaitable<std::optional<Response>> BasicAuth::refusal(const Request& request) {
  const std::vector<std::string_view> fields = request.headers().get_all("Authorization");
  if (fields.size() != 1) co_return unauthorized();
  std::optional<BasicCredentials> credentials = parse_basic_credentials(fields.front());
  if (!credentials) co_return unauthorized();
  const Verdict verdict = co_await verify(std::move(credentials->user), std::move(credentials->password));
  if (verdict == Verdict::kBusy) co_return busy();
  if (verdict == Verdict::kRefused) co_return unauthorized();
  co_return std::nullopt;
}

const BasicAuthUsers& BasicAuth::users() const { return state_->verifier.users(); }
std::uint64_t BasicAuth::checks() const { return state_->checks.load(std::memory_order_relaxed); }

Middleware basic_auth(std::shared_ptr<BasicAuth> auth) {
  return [auth = std::move(auth)](Request& request, Next next) { return authenticate(auth, request, next); };
}

}  // namespace prometheus_async::aio::web
