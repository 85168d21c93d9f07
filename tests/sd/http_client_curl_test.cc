// SPDX-License-Identifier: Apache-2.0
//
// What HttpClient owes libcurl: curl's functions are this program's own, look at each call, and pass it on.
#include <dlfcn.h>

#include <chrono>
#include <cstdarg>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <curl/curl.h>
#include <gtest/gtest.h>

#include "sd/http_client.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"

namespace {

// What was seen.
struct Calls {
  int from_callbacks = 0;  // calls into curl from a callback of its own
  int undrained = 0;       // actions after which another call came before all messages were read
  int actions = 0;
  int unknown_sockets = 0;  // removals of sockets never announced, which this program adds as curl 8.13 does
  int foreign_events = 0;   // event bits of poll() rather than of curl
  std::set<CURL*> attached;
  std::vector<std::string> order;  // of what is destroyed
};
Calls calls;

int in_callback = 0;
bool must_drain = false;
curl_socket_callback on_socket = nullptr;
curl_multi_timer_callback on_timer = nullptr;
void* socket_data = nullptr;

int socket_seen(CURL* easy, curl_socket_t socket, int what, void* data, void* pointer) {
  ++in_callback;
  const int result = on_socket(easy, socket, what, data, pointer);
  --in_callback;
  return result;
}
int timer_seen(CURLM* multi, long milliseconds, void* data) {
  ++in_callback;
  const int result = on_timer(multi, milliseconds, data);
  --in_callback;
  return result;
}

void note_call() {
  calls.from_callbacks += in_callback > 0 ? 1 : 0;
  calls.undrained += must_drain ? 1 : 0;
}

void remove_unknown_socket(CURL* easy) {
  ++calls.unknown_sockets;
  on_socket(easy, 987654, CURL_POLL_REMOVE, socket_data, nullptr);
}

template <class Function>
Function* next(const char* name, Function*) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

#undef curl_multi_setopt
#pragma GCC diagnostic ignored "-Wvarargs"  // clang's, for an enumeration before the dots: libcurl's signature
extern "C" {
CURLMcode curl_multi_setopt(CURLM* multi, CURLMoption option, ...) {
  auto* const real = next("curl_multi_setopt", &curl_multi_setopt);
  va_list arguments;
  va_start(arguments, option);
  CURLMcode result = CURLM_OK;
  if (option == CURLMOPT_SOCKETFUNCTION) {
    on_socket = va_arg(arguments, curl_socket_callback);
    result = real(multi, option, &socket_seen);
  } else if (option == CURLMOPT_TIMERFUNCTION) {
    on_timer = va_arg(arguments, curl_multi_timer_callback);
    result = real(multi, option, &timer_seen);
  } else if (option < CURLOPTTYPE_OBJECTPOINT) {
    result = real(multi, option, va_arg(arguments, long));
  } else {
    void* const pointer = va_arg(arguments, void*);
    if (option == CURLMOPT_SOCKETDATA) socket_data = pointer;
    result = real(multi, option, pointer);
  }
  va_end(arguments);
  return result;
}

CURLMcode curl_multi_add_handle(CURLM* multi, CURL* easy) {
  note_call();
  calls.attached.insert(easy);
  return next("curl_multi_add_handle", &curl_multi_add_handle)(multi, easy);
}

CURLMcode curl_multi_socket_action(CURLM* multi, curl_socket_t socket, int events, int* running) {
  note_call();
  ++calls.actions;
  calls.foreign_events += (events & ~(CURL_CSELECT_IN | CURL_CSELECT_OUT | CURL_CSELECT_ERR)) != 0 ? 1 : 0;
  must_drain = true;
  return next("curl_multi_socket_action", &curl_multi_socket_action)(multi, socket, events, running);
}

CURLMsg* curl_multi_info_read(CURLM* multi, int* left) {
  calls.from_callbacks += in_callback > 0 ? 1 : 0;
  CURLMsg* const message = next("curl_multi_info_read", &curl_multi_info_read)(multi, left);
  if (message == nullptr) must_drain = false;
  return message;
}

CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* easy) {
  calls.from_callbacks += in_callback > 0 ? 1 : 0;  // and may come between two messages
  if (calls.attached.erase(easy) != 0) calls.order.push_back("remove");
  remove_unknown_socket(easy);
  return next("curl_multi_remove_handle", &curl_multi_remove_handle)(multi, easy);
}

CURLMcode curl_multi_cleanup(CURLM* multi) {
  note_call();
  if (!calls.attached.empty()) calls.order.push_back("cleanup with handles");
  remove_unknown_socket(nullptr);
  const CURLMcode result = next("curl_multi_cleanup", &curl_multi_cleanup)(multi);
  calls.order.push_back("cleanup");
  return result;
}
}

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using testing::Answer;
using testing::run;
using testing::run_until;
using testing::start;

class HttpClientCurl : public ::testing::Test {
 protected:
  void SetUp() override { calls = {}; }
  void TearDown() override {
    EXPECT_EQ(calls.from_callbacks, 0);
    EXPECT_EQ(calls.undrained, 0);
    EXPECT_EQ(calls.foreign_events, 0);
    EXPECT_GT(calls.actions, 0);
    EXPECT_GT(calls.unknown_sockets, 0);
  }

  asio::io_context context_;
  testing::ScriptedHttpServer server_{context_};
  std::unique_ptr<sd::HttpClient> client_ = std::make_unique<sd::HttpClient>(context_.get_executor());
};

TEST_F(HttpClientCurl, IsNeverCalledFromItsCallbacksAndAlwaysHeardOut) {
  std::vector<std::shared_ptr<testing::Pending<sd::HttpResponse>>> pending;
  for (int i = 0; i < 20; ++i) {
    server_.answer(i % 4 == 3 ? Answer::cut_off("HTTP/1.1 2") : Answer::status(200, std::string(100'000, 'x')));
    sd::HttpRequest request{.method = "PUT",
                            .url = server_.url(),
                            .body = std::string(100'000, 'x'),
                            .timeout = std::chrono::milliseconds(500)};
    pending.push_back(start(context_, client_->perform(std::move(request))));
  }
  server_.answer(Answer::silence());  // for whichever comes last
  sd::HttpRequest more{.url = server_.url(), .timeout = std::chrono::milliseconds(500)};
  pending.push_back(start(context_, client_->perform(std::move(more))));
  for (const auto& one : pending) EXPECT_TRUE(run_until(context_, [&] { return one->done(); }));
  client_.reset();
}

TEST_F(HttpClientCurl, IsCleanedUpAfterItsTransfersWereTakenBack) {
  server_.answer(Answer::silence());
  server_.answer(Answer::silence());
  sd::HttpRequest request{.url = server_.url(), .timeout = std::chrono::hours(1)};
  const auto cancelled = start(context_, client_->perform(request));
  const auto waiting = start(context_, client_->perform(request));
  ASSERT_TRUE(run_until(context_, [&] { return server_.requests().size() == 2; }));
  cancelled->cancel(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context_, [&] { return cancelled->done(); }));
  client_.reset();
  EXPECT_EQ(calls.order, (std::vector<std::string>{"remove", "remove", "cleanup"}));
  EXPECT_THROW(testing::finish(context_, *waiting), boost::system::system_error);
}

}  // namespace
}  // namespace prometheus_async
