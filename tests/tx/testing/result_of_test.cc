// SPDX-License-Identifier: Apache-2.0
#include "tx/testing/result_of.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

#include "tx/clock.h"
#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/pause.h"
#include "tx/promise.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx::testing {
namespace {

using namespace std::chrono_literals;

// The one failure that `body` reports before it ends as a failed test does.
template <class F>
std::string failure_of(F body) {
  ::testing::TestPartResultArray results;
  bool ended = false;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    try {
      body();
    } catch (const ::testing::AssertionException&) {
      ended = true;
    }
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(results.size(), 1);
  if (results.size() != 1) return "";
  std::string message = results.GetTestPartResult(0).message();
  if (message.ends_with('\n')) message.pop_back();  // newer GoogleTests end it so
  return message.substr(message.find('\n') + 1);    // behind GoogleTest's "Failed"
}

struct Answer {
  Promise<int> promise;

  Deferred<int> ask(Clock& clock) {
    clock.call_later(1s, [this] { promise.callback(42); });
    return promise.get_deferred();
  }
};

TEST(ResultOfExample, Answers) {
  Answer answer;
  const auto ask = [&](Clock& clock) { return answer.ask(clock); };

  tx::Clock clock;
  tx::Deferred<int> d = ask(clock);
  tx::testing::assert_no_result(d);
  clock.advance(1s);
  EXPECT_EQ(tx::testing::success_result_of(d), 42);
}

TEST(SuccessResultOf, GivesTheValue) {
  Deferred<std::unique_ptr<int>> d = succeed(std::make_unique<int>(1));
  EXPECT_EQ(*success_result_of(d), 1);
  EXPECT_EQ(success_result_of(succeed(2)), 2);
  success_result_of(succeed());
}

TEST(SuccessResultOf, NamesTheFailureThatIsThereInstead) {
  EXPECT_EQ(failure_of([] { success_result_of(fail<int>(std::runtime_error("no"))); }),
            "Success result expected, found the failure std::runtime_error: no");
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST(SuccessResultOf, SaysWhyThereIsNoResult) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  EXPECT_EQ(failure_of([&] { success_result_of(d); }),
            "Success result expected, found no result yet: it was not fired");
  const Pause pause = d.pause();
  promise.callback(1);
  EXPECT_EQ(failure_of([&] { success_result_of(d); }),
            "Success result expected, found no result yet: it was fired, and is paused or waits for another Deferred");
}

TEST(SuccessResultOf, NamesTheLineOfTheTest) {
  ::testing::TestPartResultArray results;
  int line = 0;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    Deferred<int> d = fail<int>(std::runtime_error("no"));
    line = __LINE__ + 1;
    EXPECT_THROW(success_result_of(d), ::testing::AssertionException);
  }
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results.GetTestPartResult(0).line_number(), line);
  EXPECT_TRUE(std::string(results.GetTestPartResult(0).file_name()).ends_with("result_of_test.cc"));
}

TEST(FailureResultOf, GivesTheFailure) {
  EXPECT_EQ(failure_result_of(fail<int>(std::runtime_error("no"))).get_error_message(), "no");
  Deferred<int> d = fail<int>(std::domain_error("no"));
  EXPECT_NE((failure_result_of<std::runtime_error, std::logic_error>(d).check<std::domain_error>()), nullptr);
}

TEST(FailureResultOf, NamesWhatIsThereInstead) {
  EXPECT_EQ(failure_of([] { failure_result_of(succeed(5)); }), "Failure result expected, found the value 5");
  EXPECT_EQ(failure_of([] { failure_result_of(succeed()); }),
            "Failure result expected, found a success without a value");
  EXPECT_EQ(failure_of([] { failure_result_of<std::range_error>(fail<int>(std::domain_error("no"))); }),
            "Failure of type std::range_error expected, found the failure std::domain_error: no");
  EXPECT_EQ(failure_of([] { failure_result_of<std::range_error, std::bad_alloc>(succeed(std::string("text"))); }),
            "Failure of type std::range_error or std::bad_alloc expected, found the value \"text\"");
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  EXPECT_EQ(failure_of([&] { failure_result_of(d); }),
            "Failure result expected, found no result yet: it was not fired");
  promise.callback(1);
}

TEST(AssertNoResult, LetsLaterResultsThrough) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  assert_no_result(d);
  promise.callback(1);
  EXPECT_EQ(success_result_of(d), 1);
}

TEST(AssertNoResult, NamesTheResultThatIsThere) {
  Deferred<int> value = succeed(5);
  EXPECT_EQ(failure_of([&] { assert_no_result(value); }), "No result expected, found the value 5");
  Deferred<int> failed = fail<int>(std::runtime_error("no"));
  EXPECT_EQ(failure_of([&] { assert_no_result(failed); }),
            "No result expected, found the failure std::runtime_error: no");
  EXPECT_TRUE(flush_logged_errors().empty());
}

}  // namespace
}  // namespace prometheus_async::tx::testing
