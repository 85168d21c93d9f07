// SPDX-License-Identifier: Apache-2.0

#include "aio/web/threaded_metrics_server.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "aio/net/inherited_sockets.h"

namespace prometheus_async::aio::web {
namespace {

// A thread that leaves all signals to the program's own threads, but for those that an instruction of its own raises.
std::jthread start_thread(asio::io_context& io_context) {
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  for (const int own : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) ::sigdelset(&blocked, own);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  std::exception_ptr failure;
  std::jthread thread;
  try {
    thread = std::jthread([&io_context] {
      ::pthread_setname_np(::pthread_self(), "PrometheusAsync");
      io_context.run();
    });
  } catch (...) {
    failure = std::current_exception();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure) std::rethrow_exception(failure);
  return thread;
}

}  // namespace

class ThreadedMetricsHTTPServer::Impl {
 public:
  explicit Impl(StartOptions options) : log_(options.server.log) {
    asio::awaitable<MetricsHTTPServer> starting = start_http_server(std::move(options));
    auto listening = asio::co_spawn(io_context_, start(std::move(starting)), asio::use_future);
    thread_ = start_thread(io_context_);  // joined, and with it the loop's end waited for, if get() throws
    listening.get();
    Forks::instance().add(*this);
  }

  ~Impl() {
    Forks::instance().remove(*this);
    try {
      close();
    } catch (const std::exception& error) {
      if (log_) log_("closing the metrics server: " + std::string(error.what()));
    } catch (...) {
      if (log_) log_("closing the metrics server: an exception that is no std::exception");
    }
  }

  void close() {
    const std::lock_guard<std::mutex> lock(closing_);
    if (!thread_.joinable()) return;
    is_open_ = false;
    std::future<void> closed = asio::co_spawn(io_context_, stop(), asio::use_future);
    std::exception_ptr failure;
    try {
      closed.get();
    } catch (...) {
      failure = std::current_exception();
    }
    io_context_.stop();  // what a handler left behind would wait for is not waited for
    thread_.join();
    if (failure) std::rethrow_exception(failure);
  }

  const MetricsHTTPServer& server() const { return server_; }
  bool is_registered() const { return is_open_ && registration_.is_registered(); }
  bool is_inherited() const { return is_inherited_; }

 private:
  // The servers that have started, for a fork to find.
  class Forks {
   public:
    // Never destroyed: servers may go after everything else.
    static Forks& instance() {
      static Forks& forks = []() -> Forks& {
        ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                         [] {
                           for (Impl* server : instance().servers_) server->leave_to_parent();
                           instance().servers_.clear();
                           instance().mutex_.unlock();
                         });
        return *new Forks;
      }();
      return forks;
    }

    void add(Impl& server) {
      const std::lock_guard<std::mutex> lock(mutex_);
      servers_.push_back(&server);
    }
    void remove(Impl& server) {
      const std::lock_guard<std::mutex> lock(mutex_);
      std::erase(servers_, &server);
    }

   private:
    std::mutex mutex_;
    std::vector<Impl*> servers_;
  };

  // In the child. The thread that ran the loop is not there, and may have held any of its locks: nothing of it is
  // touched again.
  void leave_to_parent() {
    is_inherited_ = true;
    is_open_ = false;
    net::close_inherited_sockets(server_.socket());
  }

  asio::awaitable<void> start(asio::awaitable<MetricsHTTPServer> starting) {
    server_ = co_await std::move(starting);
    registration_ = server_.service_.registration();
    is_open_ = true;
  }

  asio::awaitable<void> stop() { co_await server_.close(); }

  const Log log_;
  asio::io_context io_context_{1};  // one thread: no locks between its handlers
  MetricsHTTPServer server_;        // changes on the thread; its address does not once it has started
  sd::Deregister registration_;     // as the server's; does not change once it has started
  std::atomic<bool> is_open_ = false;
  bool is_inherited_ = false;
  std::mutex closing_;
  std::jthread thread_;
};

ThreadedMetricsHTTPServer::ThreadedMetricsHTTPServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ThreadedMetricsHTTPServer::ThreadedMetricsHTTPServer(ThreadedMetricsHTTPServer&&) noexcept = default;
ThreadedMetricsHTTPServer::~ThreadedMetricsHTTPServer() {
  if (impl_ && impl_->is_inherited()) impl_.release();  // its thread cannot be joined
}

const net::Address& ThreadedMetricsHTTPServer::socket() const { return impl_->server().socket(); }
bool ThreadedMetricsHTTPServer::https() const { return impl_->server().https(); }
std::string ThreadedMetricsHTTPServer::url() const { return impl_->server().url(); }
std::string ThreadedMetricsHTTPServer::metrics_url() const { return impl_->server().metrics_url(); }
bool ThreadedMetricsHTTPServer::is_registered() const { return impl_->is_registered(); }
bool ThreadedMetricsHTTPServer::is_inherited() const { return impl_->is_inherited(); }
void ThreadedMetricsHTTPServer::close() {
  if (!impl_->is_inherited()) impl_->close();
}

ThreadedMetricsHTTPServer start_http_server_in_thread(StartOptions options) {
  return ThreadedMetricsHTTPServer(std::make_unique<ThreadedMetricsHTTPServer::Impl>(std::move(options)));
}

}  // namespace prometheus_async::aio::web
