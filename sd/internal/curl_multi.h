// SPDX-License-Identifier: Apache-2.0
//
// libcurl's multi interface driven by an Asio executor: curl asks for sockets and a timer to be watched, and is told
// when they are ready. No thread, no blocking. Nothing outside sd includes this.
//
//     const CURLcode code = co_await CurlMulti::run(multi, easy);
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CURL_MULTI_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CURL_MULTI_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <curl/curl.h>

namespace prometheus_async::sd::internal {

namespace asio = boost::asio;

// One multi handle, with the idle connections that it keeps for the next transfer.
//
// curl forbids calls into it from its callbacks. They only arm Asio operations here, and everything else runs in
// handlers of the executor, so the rule holds by construction.
//
// One connection is opened or served in a turn of the loop, however many are ready: curl may take a millisecond and
// more for a step of a TLS handshake, and fifty steps in a row would hold up whatever else runs there.
//
// Threads: everything on the executor, which runs one handler at a time.
//
// Processes: of the one that made it. In a child forked since, run() throws std::logic_error, and closing leaves the
// connections, which are the parent's, alone.
//
// Lifetime: held by shared_ptr; the owner calls close(), and the transfers under way hold it until they have ended.
class CurlMulti : public std::enable_shared_from_this<CurlMulti> {
 public:
  explicit CurlMulti(asio::any_io_executor executor);  // throws std::runtime_error if curl cannot start
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  ~CurlMulti();  // close()

  // Performs the transfer described by `easy`, which the caller owns and keeps until the coroutine has ended.
  //
  // Cancelled (any type), or closed meanwhile: the transfer is taken back from curl, its connection is closed, and the
  // coroutine throws operation_aborted. Destroying the coroutine does the same, silently.
  static asio::awaitable<CURLcode> run(std::shared_ptr<CurlMulti> multi, CURL* easy);

  // Ends every transfer with operation_aborted (through the executor) and closes the connections. Later transfers end
  // the same way.
  void close();

 private:
  class Transfer;
  struct Watch;
  struct Turn {
    CURL* easy;                    // to be started, or null
    std::shared_ptr<Watch> watch;  // for which there is `event`, or null
    int event;                     // a CURL_CSELECT_* bit
    boost::system::error_code error;
  };

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused) noexcept;
  static int on_timer(CURLM* handle, long milliseconds, void* self) noexcept;

  bool is_forked() const;
  // Has the transfer started, or curl told about the watch's event, when all that waits for a turn has had its own.
  void queue(Turn turn);
  void post_turn();
  void take_turn();
  void start(CURL* easy);
  void watch(curl_socket_t socket, int wanted);
  void arm(const std::shared_ptr<Watch>& watch);
  void wait(const std::shared_ptr<Watch>& watch, int event);
  void ready(const std::shared_ptr<Watch>& watch, int event, boost::system::error_code error);
  void arm_timer(long milliseconds);
  // Tells curl what happened, and ends the transfers that it reports as done.
  void act(curl_socket_t socket, int events);

  asio::any_io_executor executor_;
  CURLM* handle_;  // null once closed
  asio::steady_timer timer_;
  std::uint64_t timer_generation_ = 0;  // a cancelled timer's handler may already be queued: it finds another number
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<CURL*, Transfer*> transfers_;
  std::deque<Turn> turns_;  // the handler for the first is under way
  pid_t process_;
};

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CURL_MULTI_H_
