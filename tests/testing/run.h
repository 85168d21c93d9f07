// SPDX-License-Identifier: Apache-2.0
//
// Coroutines in a test, without sleeping: handlers of the test's io_context run, on the test's thread, until something
// holds.
//
//     asio::io_context context;
//     EXPECT_EQ(testing::run(context, answer()), 42);           // a value, or the exception
//
//     auto pending = testing::start(context, answer());         // under way
//     ASSERT_TRUE(testing::run_until(context, [&] { return server.requests().size() == 1; }));
//     pending->cancel(asio::cancellation_type::terminal);
//     EXPECT_THROW(testing::finish(context, *pending), boost::system::system_error);
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_RUN_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_RUN_H_

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace prometheus_async::testing {

namespace asio = boost::asio;

// Runs handlers one by one until `condition` holds; false if it does not within the limit, or can no longer because
// there is nothing left to run. The condition may as well be made true by another thread or program.
template <class Condition>
bool run_until(asio::io_context& context, Condition condition, std::chrono::seconds limit = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  context.restart();
  while (!condition()) {
    context.run_one_for(std::chrono::milliseconds(20));
    if (context.stopped() || std::chrono::steady_clock::now() >= deadline) return condition();
  }
  return true;
}

// A coroutine under way and, later, its end.
template <class T>
struct Pending {
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  bool done() const { return value.has_value() || error != nullptr; }
  void cancel(asio::cancellation_type type) { signal.emit(type); }

  std::optional<Value> value;
  std::exception_ptr error;
  int completions = 0;
  asio::cancellation_signal signal;
};

// Starts `operation`; it gets to its first suspension once the context runs.
template <class T>
std::shared_ptr<Pending<T>> start(asio::io_context& context, asio::awaitable<T> operation) {
  auto pending = std::make_shared<Pending<T>>();
  // The handler owns `pending`: a signal must outlive the operations that listen to it.
  auto complete = [pending](std::exception_ptr error, auto... value) {
    ++pending->completions;
    pending->error = error;
    if (!error) pending->value.emplace(std::move(value)...);
  };
  asio::co_spawn(context, std::move(operation), asio::bind_cancellation_slot(pending->signal.slot(), complete));
  return pending;
}

// Runs until `pending` has ended, and returns its value or throws its exception.
template <class T>
T finish(asio::io_context& context, Pending<T>& pending) {
  if (!run_until(context, [&] { return pending.done(); })) throw std::runtime_error("the coroutine did not end");
  if (pending.error) std::rethrow_exception(pending.error);
  if constexpr (!std::is_void_v<T>) return std::move(*pending.value);
}

template <class T>
T run(asio::io_context& context, asio::awaitable<T> operation) {
  const auto pending = start(context, std::move(operation));
  return finish(context, *pending);
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_RUN_H_
