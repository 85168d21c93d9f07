// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_stats.h"

#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "aio/net/offload.h"

namespace prometheus_async::aio::web {
namespace {

// The scrapes of one handler that threads are in the middle of. The registry may go once the handler has, so the
// handler's end waits for them; nobody else does.
class UnderWay {
 public:
  class Presence {
   public:
    explicit Presence(UnderWay& all) : all_(all) {
      const std::lock_guard<std::mutex> lock(all_.mutex_);
      all_.forget_parent();
      ++all_.count_;
    }
    ~Presence() {
      const std::lock_guard<std::mutex> lock(all_.mutex_);
      if (--all_.count_ == 0) all_.none_.notify_all();
    }

    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

   private:
    UnderWay& all_;
  };

  UnderWay() = default;
  ~UnderWay() {
    std::unique_lock<std::mutex> lock(mutex_);
    forget_parent();
    none_.wait(lock, [this] { return count_ == 0; });
  }

  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  // A forked child has none of the threads. The mutex is held.
  void forget_parent() {
    const ::pid_t process = ::getpid();
    if (std::exchange(process_, process) != process) count_ = 0;
  }

  std::mutex mutex_;
  std::condition_variable none_;
  ::pid_t process_ = ::getpid();  // guarded by mutex_, as is the next
  std::size_t count_ = 0;
};

// What a route's handler has.
struct Source {
  explicit Source(exposition::ScrapeHandler scrape_handler) : handler(std::move(scrape_handler)) {}

  const exposition::ScrapeHandler handler;
  UnderWay under_way;
};

// A scrape that is answered on another thread. Given up, it is not begun any more, and one that was begun is left to
// its thread.
class OffloadedScrape {
 public:
  OffloadedScrape(exposition::PendingScrape pending, UnderWay& under_way)
      : state_(std::make_shared<State>(std::move(pending), under_way)) {}
  ~OffloadedScrape() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->pending.reset();
  }

  OffloadedScrape(const OffloadedScrape&) = delete;
  OffloadedScrape& operator=(const OffloadedScrape&) = delete;

  asio::awaitable<exposition::ScrapeResponse> answer() {
    auto call = [state = state_] { return state->answer(); };
    co_return co_await net::offload(net::slow_offload_pool(), std::move(call));
  }

 private:
  struct State {
    State(exposition::PendingScrape scrape, UnderWay& all) : pending(std::move(scrape)), under_way(all) {}

    exposition::ScrapeResponse answer() {
      std::optional<UnderWay::Presence> presence;  // goes after the scrape
      std::optional<exposition::PendingScrape> scrape;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!pending) return {};
        presence.emplace(under_way);
        scrape.emplace(std::move(*pending));
        pending.reset();
      }
      return scrape->answer();
    }

    std::mutex mutex;
    std::optional<exposition::PendingScrape> pending;  // until it begins or is given up; under_way is there as long
    UnderWay& under_way;
  };

  const std::shared_ptr<State> state_;
};

asio::awaitable<Response> stats_of(std::shared_ptr<Source> source, Request& request) {
  exposition::PendingScrape pending =
      source->handler.begin({.accept = request.headers().get_list("Accept"),
                             .accept_encoding = request.headers().get_list("Accept-Encoding"),
                             .query = std::string(request.query_string()),
                             .timeout = request.headers().get_list("X-Prometheus-Scrape-Timeout-Seconds")});
  OffloadedScrape scrape(std::move(pending), source->under_way);
  const exposition::ScrapeResponse scraped = co_await scrape.answer();
  if (!scraped.error.empty()) throw std::runtime_error(scraped.error);  // which the server logs
  Response response;
  response.status = scraped.status;
  for (const auto& [name, value] : scraped.headers) response.headers.add(name, value);
  response.body = scraped.body;
  co_return response;
}

}  // namespace

asio::awaitable<Response> server_stats(Request& request) {
  // Never destroyed: a server may answer until the very end.
  static const auto& source = *new std::shared_ptr<Source>(
      std::make_shared<Source>(exposition::ScrapeHandler::of(metrics::default_registry())));
  return stats_of(source, request);
}

Handler make_server_stats(metrics::Registry& registry) {
  return make_server_stats(exposition::ScrapeHandler::of(registry));
}

Handler make_server_stats(exposition::ScrapeHandler handler) {
  return
      [source = std::make_shared<Source>(std::move(handler))](Request& request) { return stats_of(source, request); };
}

}  // namespace prometheus_async::aio::web
