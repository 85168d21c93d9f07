// SPDX-License-Identifier: Apache-2.0

#include "aio/net/offload.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

// The result of a coroutine that runs in a loop of its own.
template <class T>
T get_now(asio::awaitable<T> awaitable) {
  asio::io_context io_context{1};
  std::future<T> result = asio::co_spawn(io_context, std::move(awaitable), asio::use_future);
  io_context.run();
  return result.get();
}

asio::awaitable<std::string> read_as_in_the_header(std::string path) {
  const auto read_file = [](const std::string& name) { return "content of " + name; };
  auto read = [path, read_file] { return read_file(path); };
  const std::string text = co_await net::offload(std::move(read));
  co_return text;
}

TEST(Offload, ReadsAsInTheHeader) { EXPECT_EQ(get_now(read_as_in_the_header("x")), "content of x"); }

asio::awaitable<bool> runs_elsewhere_and_comes_back() {
  const auto here = std::this_thread::get_id();
  auto where = [] { return std::this_thread::get_id(); };
  const auto there = co_await offload(std::move(where));
  co_return there != here&& std::this_thread::get_id() == here;
}

TEST(Offload, RunsOnAThreadAndComesBack) { EXPECT_TRUE(get_now(runs_elsewhere_and_comes_back())); }

asio::awaitable<bool> comes_back_to(asio::strand<asio::io_context::executor_type> strand) {
  co_await offload([] {});
  co_return strand.running_in_this_thread();
}

TEST(Offload, ComesBackToAStrand) {
  asio::io_context io_context{1};
  const auto strand = asio::make_strand(io_context);
  std::future<bool> result = asio::co_spawn(strand, comes_back_to(strand), asio::use_future);
  io_context.run();
  EXPECT_TRUE(result.get());
}

TEST(Offload, CarriesTheException) {
  auto fail = [] { throw std::runtime_error("broken disk"); };
  try {
    get_now(offload(std::move(fail)));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "broken disk");
  }
}

TEST(Offload, TakesAndGivesWhatOnlyMoves) {
  auto number = std::make_unique<int>(5);
  auto pass = [number = std::move(number)]() mutable { return std::move(number); };
  EXPECT_EQ(*get_now(offload(std::move(pass))), 5);
}

TEST(Offload, RunsInThePoolThatItIsGiven) {
  asio::thread_pool pool(1);
  auto is_in_pool = [&pool] { return pool.get_executor().running_in_this_thread(); };
  EXPECT_TRUE(get_now(offload(pool, is_in_pool)));
  EXPECT_FALSE(get_now(offload(is_in_pool)));
}

asio::awaitable<int> add_up(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    auto number = [i] { return i; };
    sum += co_await offload(std::move(number));
  }
  co_return sum;
}

TEST(Offload, ServesManyAtOnce) {
  asio::io_context io_context{1};
  std::vector<std::future<int>> sums;
  for (int i = 0; i < 20; ++i) sums.push_back(asio::co_spawn(io_context, add_up(20), asio::use_future));
  io_context.run();
  for (auto& sum : sums) EXPECT_EQ(sum.get(), 190);
}

// A call that is held up, whose state says when it is gone.
struct Held {
  auto call() {
    return [this, own = std::exchange(state, nullptr)] {
      has_begun.count_down();
      may_end.wait();
      return *own;
    };
  }

  std::latch has_begun{1};
  std::latch may_end{1};
  std::shared_ptr<int> state = std::make_shared<int>(7);
  std::weak_ptr<int> observed = state;
};

TEST(Offload, EndsAtOnceWhenItIsCancelledAndTheCallKeepsItsState) {
  asio::thread_pool pool(1);
  Held held;
  asio::io_context io_context{1};
  asio::cancellation_signal signal;
  std::exception_ptr failure;
  asio::co_spawn(io_context, offload(pool, held.call()),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error, int) { failure = error; }));
  io_context.poll();
  held.has_begun.wait();
  signal.emit(asio::cancellation_type::terminal);
  io_context.run();  // comes to its end, though the call has not
  try {
    ASSERT_TRUE(failure);
    std::rethrow_exception(std::exchange(failure, nullptr));
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
  EXPECT_FALSE(held.observed.expired());
  held.may_end.count_down();
  pool.join();
  EXPECT_TRUE(held.observed.expired());
}

TEST(Offload, OutlivesItsLoop) {
  asio::thread_pool pool(1);
  Held held;
  {
    asio::io_context io_context{1};
    asio::co_spawn(io_context, offload(pool, held.call()), asio::detached);
    io_context.poll();
    held.has_begun.wait();
  }
  EXPECT_FALSE(held.observed.expired());
  held.may_end.count_down();
  pool.join();
  EXPECT_TRUE(held.observed.expired());
}

TEST(Offload, OutlivesItsStrand) {
  asio::thread_pool pool(1);
  Held held;
  {
    asio::io_context io_context{1};
    asio::co_spawn(asio::make_strand(io_context), offload(pool, held.call()), asio::detached);
    io_context.poll();
    held.has_begun.wait();
  }
  held.may_end.count_down();
  pool.join();
  EXPECT_TRUE(held.observed.expired());
}

// The end of the call and that of the loop in any order.
TEST(Offload, MayEndWhileItsLoopDoes) {
  asio::thread_pool pool(1);
  for (int i = 0; i < 200; ++i) {
    asio::io_context io_context{1};
    asio::co_spawn(io_context, offload(pool, [] {}), asio::detached);
    io_context.poll();
  }
  pool.join();
}

TEST(Offload, LeavesSignalsToOtherThreads) {
  auto mask = [] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return blocked;
  };
  const sigset_t blocked = get_now(offload(std::move(mask)));
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
  EXPECT_EQ(sigismember(&blocked, SIGSEGV), 0);
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0);
}

TEST(Offload, HasAPoolInAForkedChild) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer starts no threads in a child of a program with threads";
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer starts no threads in a child of a program with threads";
#endif
#endif
  get_now(offload([] {}));
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // in place of hanging
    ::_exit(get_now(offload([] { return 42; })));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 42) << status;
}

}  // namespace
}  // namespace prometheus_async::aio::net
