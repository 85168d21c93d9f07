// SPDX-License-Identifier: Apache-2.0
//
// A server of its own for metrics in a thread of its own, for programs without an event loop and for those whose loop
// should not spend its time on scrapes.
//
//   auto server = web::start_http_server_in_thread({.addr = "127.0.0.1", .port = 0});
//   std::cout << "metrics at " << server.metrics_url() << '\n';
//   work();  // the server closes at the end of the scope, or at server.close()
#ifndef PROMETHEUS_ASYNC_AIO_WEB_THREADED_METRICS_SERVER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_THREADED_METRICS_SERVER_H_

#include <memory>
#include <string>

#include "aio/net/address.h"
#include "aio/web/metrics_server.h"

namespace prometheus_async::aio::web {

// Threads: safe from any, except that close() and the destructor must not be called on the server's own, which a
// discovery is called on, or in a collector.
//
// Forking: the parent keeps the server, and fork() waits up to a second for scrapes that are being collected, so that
// the child finds no lock held. In the child the server is over: its sockets are closed there before fork() returns,
// is_inherited() is true, close() and the destructor do nothing, and start_http_server_in_thread() starts another one
// as in any process. What was counted before the fork is in the child, too. The child keeps three descriptors of the
// old event loop until it ends, or runs another program. docs/howto/prefork.md has examples.
class ThreadedMetricsHTTPServer {
 public:
  ThreadedMetricsHTTPServer(ThreadedMetricsHTTPServer&&) noexcept;
  ThreadedMetricsHTTPServer& operator=(ThreadedMetricsHTTPServer&&) = delete;
  // As close(), but an error goes to ServerOptions::log.
  ~ThreadedMetricsHTTPServer();

  // As in MetricsHTTPServer; in a forked child, as they were.
  const net::Address& socket() const;
  bool https() const;
  std::string url() const;
  std::string metrics_url() const;
  bool is_registered() const;

  // Whether it was started by the process that this one was forked from: here there is none.
  bool is_inherited() const;

  // Deregisters, stops, and waits until the thread is gone. That happens even if deregistration fails; the error is
  // thrown afterwards. A second call does nothing, except that it too waits for the end.
  void close();

 private:
  friend ThreadedMetricsHTTPServer start_http_server_in_thread(StartOptions options);
  class Impl;
  explicit ThreadedMetricsHTTPServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// Returns once the server listens and, with a discovery, is registered. The thread is named "PrometheusAsync" (Linux
// takes 15 characters; the original's is PrometheusAsyncWebEndpoint), and leaves all signals to the others.
//
// Throws, in the calling thread, what start_http_server throws, and std::system_error where there can be no thread;
// then neither server nor thread is left.
[[nodiscard]] ThreadedMetricsHTTPServer start_http_server_in_thread(StartOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_THREADED_METRICS_SERVER_H_
