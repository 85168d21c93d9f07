// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/in_thread.h"

#include <signal.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using sd::internal::in_thread;
using testing::run;
using testing::start;

// Work that goes on until it is let go, and what follows it. Shared with the thread, which may be the last to use it.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> open{opened.get_future()};
  std::promise<void> left;
  std::future<void> has_left{left.get_future()};
};

// Says when its thread ends.
struct AtThreadExit {
  ~AtThreadExit() {
    if (gate) gate->left.set_value();
  }
  std::shared_ptr<Gate> gate;
};

class InThread : public ::testing::Test {
 protected:
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  const std::function<void()> wait_ = [gate = gate_] { gate->open.wait(); };
  const std::function<void()> leave_ = [gate = gate_] { gate->left.set_value(); };
};

TEST_F(InThread, CallsOnAnotherThreadWhileTheLoopGoesOn) {
  asio::io_context context;
  std::atomic<std::thread::id> worker{};
  const auto pending = start(context, in_thread(
                                          [&] {
                                            gate_->open.wait();
                                            worker = std::this_thread::get_id();
                                          },
                                          nullptr));
  for (int turn = 0; turn < 5; ++turn) context.poll();
  EXPECT_FALSE(pending->done());
  gate_->opened.set_value();
  testing::finish(context, *pending);
  EXPECT_NE(worker.load(), std::this_thread::get_id());
  EXPECT_NE(worker.load(), std::thread::id());
}

TEST_F(InThread, ThrowsWhatTheWorkThrows) {
  asio::io_context context;
  EXPECT_THROW(run(context, in_thread([] { throw std::domain_error("disk"); }, leave_)), std::domain_error);
  EXPECT_EQ(gate_->has_left.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

TEST_F(InThread, TakesNoSignals) {
  asio::io_context context;
  bool is_blocked = false;
  run(context, in_thread(
                   [&] {
                     sigset_t mask;
                     ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                     is_blocked = ::sigismember(&mask, SIGTERM) == 1;
                   },
                   nullptr));
  EXPECT_TRUE(is_blocked);
  sigset_t own;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(::sigismember(&own, SIGTERM), 0);
}

TEST_F(InThread, ACancellationEndsItAtOnceAndTheThreadUndoesAfterwards) {
  asio::io_context context;
  const auto pending = start(context, in_thread(wait_, leave_));
  context.poll();
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_THROW(testing::finish(context, *pending), boost::system::system_error);
  gate_->opened.set_value();
  gate_->has_left.wait();
}

// The end of the work was on its way when the cancellation came.
TEST_F(InThread, ACancellationThatComesTooLateChangesNothing) {
  asio::io_context context;
  const auto is_abandoned = std::make_shared<std::atomic<bool>>(false);
  std::function<void()> work = [gate = gate_] {
    thread_local AtThreadExit at_exit;
    at_exit.gate = gate;
  };
  std::function<void()> abandon = [is_abandoned] { *is_abandoned = true; };
  const auto pending = start(context, in_thread(std::move(work), std::move(abandon)));
  context.run_one();
  gate_->has_left.wait();
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_NO_THROW(testing::finish(context, *pending));
  EXPECT_FALSE(*is_abandoned);
}

TEST_F(InThread, OutlivesItsIoContext) {
  {
    asio::io_context context;
    start(context, in_thread(wait_, leave_));
    context.poll();
  }
  gate_->opened.set_value();
  gate_->has_left.wait();
}

TEST_F(InThread, UndoesWhatNobodyHeardOf) {
  {
    asio::io_context context;
    start(context, in_thread([gate = gate_] { gate->opened.set_value(); }, leave_));
    context.run_one();
    gate_->open.wait();
  }
  gate_->has_left.wait();
}

}  // namespace
}  // namespace prometheus_async
