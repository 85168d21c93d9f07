// SPDX-License-Identifier: Apache-2.0
//
// HttpClient while the system's resolver does not answer. This program's own getaddrinfo stands in for the C library's.
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "sd/http_client.h"
#include "tests/testing/run.h"

namespace {

// One lookup for a request, or one for each family of addresses, as the version of libcurl has it.
std::mutex mutex;
std::condition_variable changed;
bool is_stuck = true;
int lookups_begun = 0;
int lookups_done = 0;

int begun() {
  const std::lock_guard lock(mutex);
  return lookups_begun;
}
int done() {
  const std::lock_guard lock(mutex);
  return lookups_done;
}

}  // namespace

extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo** result) {
  std::unique_lock lock(mutex);
  ++lookups_begun;
  changed.wait(lock, [] { return !is_stuck; });
  *result = nullptr;
  ++lookups_done;
  changed.notify_all();
  return EAI_NONAME;
}

namespace prometheus_async {
namespace {

namespace asio = boost::asio;

class HttpClientLookup : public ::testing::Test {
 protected:
  // The request ends while the lookup is stuck; then the lookup may end, and nothing comes of it.
  void TearDown() override {
    EXPECT_EQ(done(), 0);
    client_.reset();
    context_.restart();
    context_.run();
    EXPECT_EQ(done(), 0);
    std::unique_lock lock(mutex);
    is_stuck = false;
    changed.notify_all();
    changed.wait(lock, [] { return lookups_done == lookups_begun; });
    is_stuck = true;
    lookups_begun = lookups_done = 0;
  }

  asio::io_context context_;
  std::unique_ptr<sd::HttpClient> client_ = std::make_unique<sd::HttpClient>(context_.get_executor());
};

TEST_F(HttpClientLookup, TimesOut) {
  sd::HttpRequest request{.url = "http://stuck.invalid/", .timeout = std::chrono::milliseconds(50)};
  try {
    testing::run(context_, client_->perform(request));
    FAIL();
  } catch (const sd::HttpError& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_GE(begun(), 1);
}

TEST_F(HttpClientLookup, IsCancelled) {
  sd::HttpRequest request{.url = "http://stuck.invalid/", .timeout = std::chrono::hours(1)};
  const auto pending = testing::start(context_, client_->perform(request));
  ASSERT_TRUE(testing::run_until(context_, [] { return begun() >= 1; }));
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_THROW(testing::finish(context_, *pending), boost::system::system_error);
}

TEST_F(HttpClientLookup, IsLeftBehindByTheDestructor) {
  sd::HttpRequest request{.url = "http://stuck.invalid/", .timeout = std::chrono::hours(1)};
  const auto pending = testing::start(context_, client_->perform(request));
  ASSERT_TRUE(testing::run_until(context_, [] { return begun() >= 1; }));
  client_.reset();
  EXPECT_THROW(testing::finish(context_, *pending), boost::system::system_error);
}

}  // namespace
}  // namespace prometheus_async
