// SPDX-License-Identifier: Apache-2.0

#include "tx/web/metrics_resource.h"

#include <pthread.h>
#include <signal.h>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "tx/failure.h"
#include "tx/result.h"
#include "tx/web/pages.h"

namespace prometheus_async::tx::web {
namespace {

// The thread that renders, which leaves all signals to the program's others.
asio::thread_pool& rendering_thread() {
  static asio::thread_pool pool = [] {
    sigset_t blocked;
    sigset_t before;
    ::sigfillset(&blocked);
    for (const int own : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) ::sigdelset(&blocked, own);
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
    struct Restore {
      ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
      const sigset_t& mask;
    } const restore{before};
    return asio::thread_pool(1);
  }();
  return pool;
}

void answer(Request& request, Result<exposition::ScrapeResponse> scraped) {
  if (!scraped) {
    request.processing_failed(scraped.failure());
    return;
  }
  request.set_response_code(scraped->status);
  for (const auto& [name, value] : scraped->headers) request.set_header(name, value);
  request.write(*scraped->body);
  request.finish();
}

// A page on its way between the two threads.
class Rendering {
 public:
  Rendering(Request& request, exposition::PendingScrape scrape)
      : executor_(request.get_executor()), request_(&request), scrape_(std::move(scrape)) {}

  // On the rendering thread.
  static void run(const std::shared_ptr<Rendering>& self) {
    if (self->is_abandoned()) return;
    Result<exposition::ScrapeResponse> scraped = self->render();
    const std::lock_guard<std::mutex> lock(self->mutex_);
    if (self->is_abandoned_) return;
    asio::post(self->executor_, [self, scraped = std::move(scraped)]() mutable {
      if (!self->is_abandoned_) answer(*self->request_, std::move(scraped));
    });
  }

  // On the reactor's, when the request goes, which it does at the latest with the io_context: there is nothing to post
  // to from then on.
  void abandon() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_abandoned_ = true;
  }

 private:
  bool is_abandoned() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return is_abandoned_;
  }

  Result<exposition::ScrapeResponse> render() {
    try {
      exposition::ScrapeResponse response = scrape_.answer();
      if (!response.error.empty()) throw std::runtime_error(response.error);  // which the Site logs
      return response;
    } catch (...) {
      return Failure::current();
    }
  }

  const asio::any_io_executor executor_;
  Request* const request_;
  exposition::PendingScrape scrape_;
  std::mutex mutex_;
  bool is_abandoned_ = false;  // written on the reactor's thread, under the mutex
};

// The request's end of it.
class Hold {
 public:
  explicit Hold(std::shared_ptr<Rendering> rendering) : rendering_(std::move(rendering)) {}
  ~Hold() { rendering_->abandon(); }

  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  std::shared_ptr<Rendering> rendering_;
};

}  // namespace

Body MetricsResource::render(Request& request) {
  if (request.method() == "GET" || request.method() == "HEAD") return render_get(request);
  if (request.method() == "OPTIONS") return render_options(request);
  request.set_header("Allow", "GET,HEAD,OPTIONS");
  return error_page(405, "Method Not Allowed", "Metrics are read only.").render(request);
}

Body MetricsResource::render_get(Request& request) {
  const http::Headers& headers = request.request_headers();
  auto rendering = std::make_shared<Rendering>(
      request, handler_.begin({.accept = headers.get_list("Accept"),
                               .accept_encoding = headers.get_list("Accept-Encoding"),
                               .query = std::string(request.target().query_string()),
                               .timeout = headers.get_list("X-Prometheus-Scrape-Timeout-Seconds")}));
  request.keep(std::make_shared<Hold>(rendering));
  asio::post(rendering_thread(), [rendering = std::move(rendering)] { Rendering::run(rendering); });
  return NOT_DONE_YET;
}

Body MetricsResource::render_options(Request& request) {
  request.set_header("Allow", "GET,HEAD,OPTIONS");
  return "";
}

}  // namespace prometheus_async::tx::web
