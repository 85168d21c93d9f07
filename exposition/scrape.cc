// SPDX-License-Identifier: Apache-2.0
#include "exposition/scrape.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <new>

#include "exposition/compression.h"
#include "exposition/format.h"
#include "exposition/internal/fork_gate.h"
#include "exposition/negotiation.h"
#include "exposition/render.h"
#include "exposition/scrape_metrics.h"

namespace prometheus_async::exposition {
namespace {

using std::chrono::steady_clock;

// How long a scrape without a time of its own waits for another's page: Prometheus' default scrape_timeout.
constexpr std::chrono::seconds kPatience(10);

// More than any scrape takes, so that nothing overflows.
constexpr std::chrono::hours kLongest(24);

// Pages take milliseconds.
constexpr const char* kRetryAfterSeconds = "1";

// How many pages this thread is in the middle of: more than none within a collector.
thread_local int rendering_depth = 0;

// What is asked for, as far as the page depends on it.
struct Wanted {
  Format format;
  Encoding encoding = Encoding::kIdentity;
  std::vector<std::string> names;

  friend bool operator==(const Wanted&, const Wanted&) = default;
};

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

ScrapeResponse plain(int status, std::string text) {
  ScrapeResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  response.body = shared(std::move(text));
  return response;
}

ScrapeResponse failed(std::string what) {
  // promhttp's words.
  ScrapeResponse response = plain(500, "An error has occurred while serving metrics:\n\n" + what + "\n");
  response.error = std::move(what);
  return response;
}

ScrapeResponse timed_out() { return plain(503, "The time for this scrape is over.\n"); }

// OpenMetrics ends even a page without metrics.
bool is_empty(const std::string& page) { return page.empty() || page == "# EOF\n"; }

// One rendering on its way and who waits for it. Guarded by the mutex of the State, but for `wanted`, which is
// constant.
struct Flight {
  enum class Phase : std::uint8_t { kWaiting, kRendering, kDone };

  explicit Flight(Wanted what) : wanted(std::move(what)) {}

  const Wanted wanted;
  std::condition_variable done;
  Phase phase = Phase::kWaiting;
  std::size_t holders = 0;
  bool is_timed_out = false;
  std::shared_ptr<const ScrapeResponse> response;  // once done; null: there was no memory for one
};

}  // namespace

class ScrapeHandler::State {
 public:
  State(metrics::Registry& registry, ScrapeOptions options) : registry_(registry), options_(std::move(options)) {
    if (!options_.has_self_metrics) return;
    metrics::Registry* const shown_in = options_.self_metrics_registry;
    metrics_ = ScrapeMetrics::in(shown_in != nullptr ? *shown_in : registry_);
  }
  State(metrics::Registry& registry, std::shared_ptr<ScrapeMetrics> metrics)
      : registry_(registry), metrics_(std::move(metrics)) {}

  // A scrape that counts as one until this goes.
  class Seat {
   public:
    explicit Seat(State& state) : state_(state) {
      if (state_.metrics_ != nullptr) state_.metrics_->begin();
      const std::size_t limit = state_.options_.max_requests_in_flight;
      const std::lock_guard lock(state_.mutex_);
      state_.forget_parent();
      is_admitted_ = limit == 0 || state_.in_flight_ < limit;
      if (is_admitted_) ++state_.in_flight_;
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() {
      if (state_.metrics_ != nullptr) {
        if (status_ != 0) {
          state_.metrics_->end(status_);
        } else {
          state_.metrics_->drop();
        }
      }
      if (!is_admitted_) return;
      const std::lock_guard lock(state_.mutex_);
      if (state_.in_flight_ > 0) --state_.in_flight_;  // 0: it was counted by the process that this was forked from
    }

    // False where there are too many already.
    bool is_admitted() const { return is_admitted_; }
    void set_status(int status) { status_ = status; }

   private:
    State& state_;
    bool is_admitted_ = false;
    int status_ = 0;  // without an answer
  };

  ScrapeResponse too_many() const {
    // promhttp's words.
    return plain(503, "Limit of concurrent requests reached (" + std::to_string(options_.max_requests_in_flight) +
                          "), try again later.\n");
  }

  std::shared_ptr<Flight> join(Wanted wanted) {
    const std::lock_guard lock(mutex_);
    const auto same = std::ranges::find_if(flights_, [&](const auto& flight) { return flight->wanted == wanted; });
    if (same != flights_.end()) {
      ++(*same)->holders;
      return *same;
    }
    flights_.push_back(std::make_shared<Flight>(std::move(wanted)));
    flights_.back()->holders = 1;
    return flights_.back();
  }

  void give_up(const std::shared_ptr<Flight>& flight) noexcept {
    const std::lock_guard lock(mutex_);
    if (--flight->holders == 0) std::erase(flights_, flight);
  }

  // The flight's response; none if it is to be asked for again, since who rendered had less time than there is now.
  std::optional<ScrapeResponse> await(const std::shared_ptr<Flight>& flight,
                                      std::optional<steady_clock::time_point> deadline,
                                      steady_clock::time_point begun) {
    std::unique_lock lock(mutex_);
    if (flight->phase == Flight::Phase::kRendering) {
      if (rendering_depth > 0) {  // within a collector, which the other may be waiting for
        lock.unlock();
        return render(flight->wanted, deadline).response;
      }
      const bool is_done = flight->done.wait_until(lock, deadline.value_or(begun + kPatience),
                                                   [&] { return flight->phase == Flight::Phase::kDone; });
      if (!is_done) return timed_out();
    }
    if (flight->phase == Flight::Phase::kDone) {
      if (flight->response == nullptr) throw std::bad_alloc();
      if (flight->is_timed_out && !is_over(deadline)) return std::nullopt;
      return *flight->response;
    }
    flight->phase = Flight::Phase::kRendering;
    lock.unlock();

    Settlement settlement(*this, flight);
    settlement.rendered = render(flight->wanted, deadline);
    return settlement.rendered.response;
  }

  std::optional<steady_clock::time_point> deadline_of(const ScrapeRequest& request,
                                                      steady_clock::time_point begun) const {
    std::optional<std::chrono::nanoseconds> time = requested_timeout(request.timeout);
    if (options_.timeout.count() > 0) time = time ? std::min(*time, options_.timeout) : options_.timeout;
    if (!time) return std::nullopt;
    return begun + std::min<std::chrono::nanoseconds>(*time, kLongest);
  }

 private:
  struct Rendered {
    ScrapeResponse response;
    bool is_timed_out = false;
  };

  // Tells those who wait how it ended, whichever way it did.
  struct Settlement {
    Settlement(State& its_state, std::shared_ptr<Flight> its_flight)
        : state(its_state), flight(std::move(its_flight)) {}
    Settlement(const Settlement&) = delete;
    Settlement& operator=(const Settlement&) = delete;
    ~Settlement() {
      std::shared_ptr<const ScrapeResponse> response;
      if (rendered.response.body != nullptr) {
        try {
          response = std::make_shared<const ScrapeResponse>(rendered.response);
        } catch (const std::bad_alloc&) {
        }
      }
      const std::lock_guard lock(state.mutex_);
      flight->phase = Flight::Phase::kDone;
      flight->is_timed_out = rendered.is_timed_out;
      flight->response = std::move(response);
      std::erase(state.flights_, flight);
      flight->done.notify_all();
    }

    State& state;
    const std::shared_ptr<Flight> flight;
    Rendered rendered;
  };

  // Of what was under way in the process that this one was forked from, nothing is here. The mutex is held.
  void forget_parent() {
    const unsigned generation = internal::ForkGate::generation();
    if (std::exchange(generation_, generation) == generation) return;
    flights_.clear();
    in_flight_ = 0;
  }

  static bool is_over(std::optional<steady_clock::time_point> deadline) {
    return deadline && steady_clock::now() >= *deadline;
  }

  Rendered render(const Wanted& wanted, std::optional<steady_clock::time_point> deadline) const {
    if (is_over(deadline)) return {timed_out(), true};
    struct Depth {
      Depth() { ++rendering_depth; }
      ~Depth() { --rendering_depth; }
    };
    Page page;
    try {
      const Depth depth;
      metrics::CollectOptions options{.names = wanted.names, .deadline = deadline};
      if (options_.on_error == ScrapeOptions::OnError::kServeRest) {
        options.on_error = metrics::CollectOptions::OnError::kSkip;
      }
      std::vector<metrics::CollectError> errors;
      Format format = wanted.format;
      format.created_lines = options_.created_lines;
      page = exposition::render(registry_, format, options, &errors);
      if (!errors.empty()) {
        report(errors);
        if (is_empty(page.body)) return {failed(errors.front().collector + ": " + errors.front().message)};
      }
    } catch (const metrics::CollectTimeout&) {
      return {timed_out(), true};
    } catch (const std::exception& error) {
      return {failure(ScrapeMetrics::Cause::kGathering, error.what())};
    } catch (...) {
      return {failure(ScrapeMetrics::Cause::kGathering, "an exception that is no std::exception")};
    }
    try {
      return {serve(std::move(page), wanted.encoding)};
    } catch (const std::exception& error) {
      return {failure(ScrapeMetrics::Cause::kEncoding, error.what())};
    }
  }

  void report(const std::vector<metrics::CollectError>& errors) const {
    if (metrics_ != nullptr) metrics_->count_errors(ScrapeMetrics::Cause::kGathering, errors.size());
    if (!options_.log) return;
    for (const metrics::CollectError& error : errors) options_.log(error.collector + ": " + error.message);
  }

  ScrapeResponse failure(ScrapeMetrics::Cause cause, std::string what) const {
    if (metrics_ != nullptr) metrics_->count_errors(cause);
    return failed(std::move(what));
  }

  ScrapeResponse serve(Page page, Encoding encoding) const {
    ScrapeResponse response;
    response.headers.emplace_back("Content-Type", std::move(page.content_type));
    if (encoding == Encoding::kIdentity) {
      response.body = shared(std::move(page.body));
    } else {
      response.headers.emplace_back("Content-Encoding", to_string(encoding));
      response.body = shared(compress(page.body, encoding));
    }
    response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
    if (options_.process_start_time) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(options_.process_start_time->time_since_epoch());
      response.headers.emplace_back("Process-Start-Time-Unix", std::to_string(seconds.count()));
    }
    return response;
  }

  metrics::Registry& registry_;
  const ScrapeOptions options_ = {};
  std::shared_ptr<ScrapeMetrics> metrics_;  // null: none

  std::mutex mutex_;
  unsigned generation_ = internal::ForkGate::generation();  // guarded by mutex_, as are the next two
  std::size_t in_flight_ = 0;
  std::vector<std::shared_ptr<Flight>> flights_;  // none is done; a few at most
};

class PendingScrape::Impl {
 public:
  Impl(std::shared_ptr<ScrapeHandler::State> state, const ScrapeRequest& request)
      : state_(std::move(state)), seat_(*state_), deadline_(state_->deadline_of(request, begun_)) {
    if (!seat_.is_admitted()) return;
    flight_ = state_->join({negotiate_format(request.accept), negotiate_encoding(request.accept_encoding),
                            requested_names(request.query)});
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (flight_ != nullptr) state_->give_up(flight_);
  }

  ScrapeResponse answer() {
    const internal::ForkGate::Passage passage;
    ScrapeResponse response = seat_.is_admitted() ? await() : state_->too_many();
    seat_.set_status(response.status);
    return response;
  }

 private:
  ScrapeResponse await() {
    for (;;) {
      std::optional<ScrapeResponse> response = state_->await(flight_, deadline_, begun_);
      if (response) return *std::move(response);
      const std::shared_ptr<Flight> before = std::exchange(flight_, state_->join(flight_->wanted));
      state_->give_up(before);
    }
  }

  const std::shared_ptr<ScrapeHandler::State> state_;
  ScrapeHandler::State::Seat seat_;
  const steady_clock::time_point begun_ = steady_clock::now();
  const std::optional<steady_clock::time_point> deadline_;
  std::shared_ptr<Flight> flight_;  // null if it is not admitted
};

PendingScrape::PendingScrape(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PendingScrape::PendingScrape(PendingScrape&&) noexcept = default;
PendingScrape::~PendingScrape() = default;

// It has left by the time that it has its answer, so that whoever sees the answer also sees it counted.
ScrapeResponse PendingScrape::answer() { return std::exchange(impl_, nullptr)->answer(); }

ScrapeHandler::ScrapeHandler(metrics::Registry& registry, ScrapeOptions options)
    : state_(std::make_shared<State>(registry, std::move(options))) {}

ScrapeHandler ScrapeHandler::of(metrics::Registry& registry) {
  // By the registry's metrics, which a State that lasts keeps at their address.
  struct Known {
    std::mutex mutex;
    std::map<const ScrapeMetrics*, std::weak_ptr<State>> by_metrics;  // guarded by mutex
  };
  static Known& known = *new Known;  // never destroyed: threads may scrape until the very end

  std::shared_ptr<ScrapeMetrics> metrics = ScrapeMetrics::in(registry);
  const std::lock_guard lock(known.mutex);
  std::weak_ptr<State>& entry = known.by_metrics[metrics.get()];
  std::shared_ptr<State> state = entry.lock();
  if (state == nullptr) {
    state = std::make_shared<State>(registry, std::move(metrics));
    entry = state;
    std::erase_if(known.by_metrics, [](const auto& other) { return other.second.expired(); });
  }
  return ScrapeHandler(std::move(state));
}

ScrapeResponse ScrapeHandler::answer(const ScrapeRequest& request) const { return begin(request).answer(); }

PendingScrape ScrapeHandler::begin(const ScrapeRequest& request) const {
  const internal::ForkGate::Passage passage;
  return PendingScrape(std::make_unique<PendingScrape::Impl>(state_, request));
}

}  // namespace prometheus_async::exposition
