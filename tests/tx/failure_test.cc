// SPDX-License-Identifier: Apache-2.0

#include "tx/failure.h"

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tx/errors.h"
#include "tx/result.h"

namespace prometheus_async::tx {
namespace {

using ::testing::HasSubstr;

struct Side {
  virtual ~Side() = default;
  int number = 7;
};
struct Both : std::runtime_error, Side {
  using std::runtime_error::runtime_error;
};
struct Hidden : private std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Twice : Both {
  using Both::Both;
};

TEST(Failure, ChecksTheTypeAndItsBases) {
  const Failure failure = Failure::make<Both>("both");
  ASSERT_NE(failure.check<Both>(), nullptr);
  ASSERT_NE(failure.check<std::exception>(), nullptr);
  EXPECT_STREQ(failure.check<std::runtime_error>()->what(), "both");
  ASSERT_NE(failure.check<Side>(), nullptr) << "a second base, at another address";
  EXPECT_EQ(failure.check<Side>()->number, 7);
  EXPECT_EQ(failure.check<std::logic_error>(), nullptr);
  EXPECT_EQ(failure.check<Twice>(), nullptr);
  EXPECT_EQ(Failure::make<Hidden>("h").check<std::runtime_error>(), nullptr) << "a private base is not caught";
}

TEST(Failure, ChecksSeveralTypes) {
  const Failure failure = Failure::make<std::out_of_range>("o");
  EXPECT_TRUE((failure.check<Both, std::logic_error>()));
  EXPECT_FALSE((failure.check<Both, Side, std::runtime_error>()));
}

TEST(Failure, HoldsWhatIsNoStdException) {
  Failure failure(std::make_exception_ptr(5));
  ASSERT_NE(failure.check<int>(), nullptr);
  EXPECT_EQ(*failure.check<int>(), 5);
  EXPECT_EQ(failure.check<std::exception>(), nullptr);
  EXPECT_EQ(failure.get_error_message(), "int");
  EXPECT_EQ(failure.get_brief_traceback(), "int");
}

TEST(Failure, TrapReturnsOrThrowsTheOriginal) {
  const Failure failure = Failure::make<Both>("trapped");
  failure.trap<Both>();
  failure.trap<std::logic_error, Side>();
  try {
    failure.trap<std::logic_error, CancelledError>();
    FAIL() << "nothing was thrown";
  } catch (const Both& error) {
    EXPECT_EQ(&error, failure.check<Both>());
  }
}

TEST(Failure, OfTheCurrentException) {
  EXPECT_THROW((void)Failure::current(), NoCurrentExceptionError);
  try {
    throw Both("current");
  } catch (const Both& error) {
    const Failure failure = Failure::current();
    EXPECT_EQ(failure.check<Both>(), &error);
  }
}

TEST(Failure, NeedsAnException) { EXPECT_THROW(Failure{std::exception_ptr()}, NoCurrentExceptionError); }

TEST(Failure, NamesTypeAndMessage) {
  const Failure failure = Failure::make<std::out_of_range>("far");
  EXPECT_EQ(failure.get_error_message(), "far");
  EXPECT_EQ(failure.get_brief_traceback(), "std::out_of_range: far");
  ASSERT_NE(failure.type(), nullptr);
  EXPECT_EQ(*failure.type(), typeid(std::out_of_range));
}

TEST(Failure, CopiesShareTheException) {
  const Failure failure = Failure::make<Both>("one");
  const Failure copy = failure;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.value(), failure.value());
  EXPECT_EQ(sizeof failure, sizeof(void*));
}

// The example of the header.
TEST(Failure, TheExampleOfTheHeader) {
  int retried = 0;
  const auto retry = [&](std::error_code code) { retried = code.value(); };
  const Failure failure = Failure::make<std::system_error>(std::make_error_code(std::errc::timed_out));
  if (const auto* error = failure.check<std::system_error>()) retry(error->code());
  EXPECT_EQ(retried, static_cast<int>(std::errc::timed_out));
}

TEST(Errors, SayWhatHappened) {
  EXPECT_THAT(TimeoutError(std::chrono::milliseconds(1500)).what(), HasSubstr("timed out after 1.5 s"));
  EXPECT_EQ(TimeoutError(std::chrono::seconds(2)).timeout(), std::chrono::seconds(2));
}

TEST(Result, IsAValueOrAFailure) {
  Result<std::string> value = std::string("v");
  EXPECT_TRUE(value.has_value());
  EXPECT_EQ(value->size(), 1u);
  EXPECT_EQ(value.value(), "v");
  EXPECT_EQ(*std::move(value), "v");
  Result<std::string> failed = Failure::make<Both>("f");
  EXPECT_FALSE(failed);
  EXPECT_THROW((void)failed.value(), Both);
  EXPECT_NE(failed.failure().check<Both>(), nullptr);
}

TEST(Result, OfVoid) {
  const Result<void> value;
  EXPECT_TRUE(value.has_value());
  value.value();
  const Result<void> failed = Failure::make<Both>("f");
  EXPECT_FALSE(failed.has_value());
  EXPECT_THROW(failed.value(), Both);
}

}  // namespace
}  // namespace prometheus_async::tx
