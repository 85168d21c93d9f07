// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_stats.h"

#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "aio/net/offload.h"

namespace prometheus_async::aio::web {
namespace {

// A scrape that is answered on another thread. The registry may go once the server has: so a request that is given up
// waits for its page where one is being made, and sees to it that none is begun later.
class OffloadedScrape {
 public:
  explicit OffloadedScrape(exposition::PendingScrape pending) : state_(std::make_shared<State>(std::move(pending))) {}
  ~OffloadedScrape() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->pending.reset();
  }

  OffloadedScrape(const OffloadedScrape&) = delete;
  OffloadedScrape& operator=(const OffloadedScrape&) = delete;

  asio::awaitable<exposition::ScrapeResponse> answer() {
    auto call = [state = state_]() -> exposition::ScrapeResponse {
      const std::lock_guard<std::mutex> lock(state->mutex);
      return state->pending ? state->pending->answer() : exposition::ScrapeResponse();
    };
    co_return co_await net::offload(net::slow_offload_pool(), std::move(call));
  }

 private:
  struct State {
    explicit State(exposition::PendingScrape scrape) : pending(std::move(scrape)) {}

    std::mutex mutex;  // held while the page is made
    std::optional<exposition::PendingScrape> pending;
  };

  const std::shared_ptr<State> state_;
};

asio::awaitable<Response> stats_of(exposition::ScrapeHandler handler, Request& request) {
  OffloadedScrape scrape(handler.begin({.accept = request.headers().get_list("Accept"),
                                        .accept_encoding = request.headers().get_list("Accept-Encoding"),
                                        .query = std::string(request.query_string()),
                                        .timeout = request.headers().get_list("X-Prometheus-Scrape-Timeout-Seconds")}));
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
  static const auto& handler =
      *new exposition::ScrapeHandler(exposition::ScrapeHandler::of(metrics::default_registry()));
  return stats_of(handler, request);
}

Handler make_server_stats(metrics::Registry& registry) {
  return make_server_stats(exposition::ScrapeHandler::of(registry));
}

Handler make_server_stats(exposition::ScrapeHandler handler) {
  return [handler = std::move(handler)](Request& request) { return stats_of(handler, request); };
}

}  // namespace prometheus_async::aio::web
