// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/curl_multi.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace prometheus_async::sd::internal {
namespace {

// Idle connections kept. Those in use are not bounded (CURLMOPT_MAX_HOST_CONNECTIONS): libcurl 7.88 never times out a
// request that waits for its turn, and a deregistration must not wait behind long polls.
constexpr long kIdleConnections = 4;

CURLM* new_handle() {
  // Once for the process, before the first use; never undone, since other code of the process may use curl too.
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* handle = started == CURLE_OK ? curl_multi_init() : nullptr;
  if (handle == nullptr) throw std::runtime_error("libcurl cannot start");
  return handle;
}

}  // namespace

// A transfer, from construction until the end or destruction, whichever is first. Lives in run()'s frame.
class CurlMulti::Transfer {
 public:
  Transfer(CurlMulti& multi, CURL* easy)
      : finished_(multi.executor_, Clock::time_point::max()), multi_(multi), easy_(easy) {
    if (multi_.handle_ == nullptr) {
      end(std::nullopt);
      return;
    }
    multi_.transfers_.emplace(easy_, this);
    multi_.queue({.easy = easy_, .watch = nullptr, .event = 0, .error = {}});
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() { end(std::nullopt); }

  // Gives it to curl, once. It may be that a turn was queued for another transfer with a handle at the same address.
  void start() {
    if (started_) return;
    started_ = true;
    if (curl_multi_add_handle(multi_.handle_, easy_) != CURLM_OK) end(CURLE_FAILED_INIT);
  }

  // Takes the transfer back from curl and wakes the coroutine, which resumes through the executor. No result means
  // aborted. Ends once.
  void end(std::optional<CURLcode> result) {
    if (multi_.transfers_.erase(easy_) != 0) {
      result_ = result;
      if (started_ && !multi_.is_forked()) curl_multi_remove_handle(multi_.handle_, easy_);
    }
    finished_.expires_at(Clock::time_point::min());
  }

  // Waiting on a timer that never fires makes cancellation, and destruction along with the io_context, Asio's own.
  asio::steady_timer& finished() { return finished_; }
  std::optional<CURLcode> result() const { return result_; }

 private:
  using Clock = std::chrono::steady_clock;

  asio::steady_timer finished_;
  CurlMulti& multi_;
  CURL* easy_;
  bool started_ = false;
  std::optional<CURLcode> result_;
};

// A socket that curl wants watched. It stays curl's: it is released here, never closed, and a released one is dead.
// curl reuses descriptor numbers, so every announcement after a removal gets a new object.
struct CurlMulti::Watch {
  Watch(const asio::any_io_executor& executor, curl_socket_t socket) : descriptor(executor, socket) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { release(); }

  // Pending waits end with operation_aborted.
  void release() {
    if (descriptor.is_open()) descriptor.release();
  }

  asio::posix::stream_descriptor descriptor;  // not tcp::socket: curl's resolver has AF_UNIX ones
  int wanted = 0;                             // CURL_POLL_IN | CURL_POLL_OUT
  int pending = 0;                            // CURL_CSELECT_* bits with a wait under way: at most one each
};

static_assert(CURL_POLL_IN == CURL_CSELECT_IN && CURL_POLL_OUT == CURL_CSELECT_OUT && CURL_POLL_INOUT == 3);

CurlMulti::CurlMulti(asio::any_io_executor executor)
    : executor_(std::move(executor)), handle_(new_handle()), timer_(executor_), process_(::getpid()) {
  curl_multi_setopt(handle_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::on_socket);
  curl_multi_setopt(handle_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(handle_, CURLMOPT_TIMERFUNCTION, &CurlMulti::on_timer);
  curl_multi_setopt(handle_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(handle_, CURLMOPT_MAXCONNECTS, kIdleConnections);
#if LIBCURL_VERSION_NUM >= 0x081400
  curl_multi_setopt(handle_, CURLMOPT_QUICK_EXIT, 1L);  // cleaning up does not join a thread stuck in a name lookup
#endif
}

CurlMulti::~CurlMulti() { close(); }

asio::awaitable<CURLcode> CurlMulti::run(std::shared_ptr<CurlMulti> multi, CURL* easy) {
  if (multi->is_forked()) throw std::logic_error("the HTTP client was made before this process was forked");
  Transfer transfer(*multi, easy);
  boost::system::error_code woken;
  co_await transfer.finished().async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (!transfer.result()) throw boost::system::system_error(asio::error::operation_aborted);
  co_return *transfer.result();
}

void CurlMulti::close() {
  if (handle_ == nullptr) return;
  while (!transfers_.empty()) transfers_.begin()->second->end(std::nullopt);
  if (!is_forked()) curl_multi_cleanup(handle_);  // still calls back
  handle_ = nullptr;
  ++timer_generation_;
  timer_.cancel();
  for (auto& [socket, watch] : watches_) watch->release();
  watches_.clear();
  turns_.clear();
}

bool CurlMulti::is_forked() const { return ::getpid() != process_; }

void CurlMulti::queue(Turn turn) {
  turns_.push_back(std::move(turn));
  if (turns_.size() == 1) post_turn();
}

void CurlMulti::post_turn() {
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->take_turn();
  });
}

void CurlMulti::take_turn() {
  if (turns_.empty() || is_forked()) return;  // closed, or the parent's
  const Turn turn = std::move(turns_.front());
  turns_.pop_front();
  if (!turns_.empty()) post_turn();  // behind the reactor's own turn, and all that it finds ready
  if (turn.easy != nullptr) {
    start(turn.easy);
  } else {
    ready(turn.watch, turn.event, turn.error);
  }
}

void CurlMulti::start(CURL* easy) {
  const auto found = transfers_.find(easy);
  if (found == transfers_.end()) return;  // cancelled meanwhile
  found->second->start();
  act(CURL_SOCKET_TIMEOUT, 0);
}

int CurlMulti::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  try {
    static_cast<CurlMulti*>(self)->watch(socket, what);
    return 0;
  } catch (...) {
    return -1;
  }
}

int CurlMulti::on_timer(CURLM*, long milliseconds, void* self) noexcept {
  try {
    static_cast<CurlMulti*>(self)->arm_timer(milliseconds);
    return 0;
  } catch (...) {
    return -1;
  }
}

void CurlMulti::watch(curl_socket_t socket, int wanted) {
  if (wanted == CURL_POLL_REMOVE) {
    const auto found = watches_.find(socket);
    if (found == watches_.end()) return;  // from 8.13 also for sockets that were never announced
    found->second->release();             // before curl closes it, or keeps it idle
    watches_.erase(found);
    return;
  }
  std::shared_ptr<Watch>& watch = watches_[socket];
  if (!watch) watch = std::make_shared<Watch>(executor_, socket);
  watch->wanted = wanted;
  arm(watch);
}

void CurlMulti::arm(const std::shared_ptr<Watch>& watch) {
  for (const int event : {CURL_CSELECT_IN, CURL_CSELECT_OUT}) {
    if ((watch->wanted & event) != 0 && (watch->pending & event) == 0) wait(watch, event);
  }
}

void CurlMulti::wait(const std::shared_ptr<Watch>& watch, int event) {
  watch->pending |= event;
  watch->descriptor.async_wait(
      event == CURL_CSELECT_IN ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write,
      [weak = weak_from_this(), watch, event](boost::system::error_code error) {
        const auto self = weak.lock();
        if (self && watch->descriptor.is_open()) {
          self->queue({.easy = nullptr, .watch = watch, .event = event, .error = error});
        }
      });
}

void CurlMulti::ready(const std::shared_ptr<Watch>& watch, int event, boost::system::error_code error) {
  watch->pending &= ~event;
  // Removed, or no longer of interest, since the wait began.
  if (!watch->descriptor.is_open() || (watch->wanted & event) == 0) return;
  act(watch->descriptor.native_handle(), error ? CURL_CSELECT_ERR : event);
  if (watch->descriptor.is_open()) arm(watch);  // curl may have removed it, or wants something else
}

void CurlMulti::arm_timer(long milliseconds) {
  const std::uint64_t generation = ++timer_generation_;
  if (milliseconds < 0) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(milliseconds));
  timer_.async_wait([weak = weak_from_this(), generation](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->timer_generation_ != generation || self->is_forked()) return;
    self->act(CURL_SOCKET_TIMEOUT, 0);
  });
}

void CurlMulti::act(curl_socket_t socket, int events) {
  int running = 0;
  const CURLMcode code = curl_multi_socket_action(handle_, socket, events, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(handle_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message dies with the removal of its handle: copied before.
    const CURLcode result = message->data.result;
    const auto found = transfers_.find(message->easy_handle);
    if (found != transfers_.end()) found->second->end(result);
  }
  // A callback of ours could not watch what curl asked for (no memory, no descriptor): nothing would ever wake these.
  if (code != CURLM_OK) {
    while (!transfers_.empty()) transfers_.begin()->second->end(CURLE_ABORTED_BY_CALLBACK);
  }
}

}  // namespace prometheus_async::sd::internal
