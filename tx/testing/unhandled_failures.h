// SPDX-License-Identifier: Apache-2.0
//
// Makes a GoogleTest test fail that drops a Deferred with a failure which nothing handled. Linking //tx/testing:main in
// the place of gtest_main does it for a whole program; so does one call before RUN_ALL_TESTS(). A test that means to
// leave a failure takes it away:
//
//   TEST(Mailer, ReportsWhatItCannotSend) {
//     send_and_forget(broken_mail);
//     EXPECT_EQ(tx::testing::flush_logged_errors<SendError>().size(), 1u);
//   }
#ifndef PROMETHEUS_ASYNC_TX_TESTING_UNHANDLED_FAILURES_H_
#define PROMETHEUS_ASYNC_TX_TESTING_UNHANDLED_FAILURES_H_

#include <functional>
#include <vector>

#include "tx/failure.h"

namespace prometheus_async::tx::testing {

namespace internal {
std::vector<Failure> take_logged(const std::function<bool(const Failure&)>& is_wanted);
}  // namespace internal

// From now on unhandled failures are collected (by tx::set_unhandled_failure_hook) in place of being logged, and those
// that were not flushed fail the test that runs, at its end. One that comes between tests fails the suite or the
// program. A test that sets a hook of its own has them all; the next test has this one again.
//
// Call it once, after InitGoogleTest; a second call does nothing.
void fail_tests_on_unhandled_failures();

// Takes the collected failures that are one of `E`, all of them without `E`, in the order in which they came.
//
// Threads: any. Semantics: twisted.trial's flushLoggedErrors.
template <class... E>
std::vector<Failure> flush_logged_errors() {
  return internal::take_logged([]([[maybe_unused]] const Failure& failure) {
    return sizeof...(E) == 0 || (... || (failure.check<E>() != nullptr));
  });
}

}  // namespace prometheus_async::tx::testing

#endif  // PROMETHEUS_ASYNC_TX_TESTING_UNHANDLED_FAILURES_H_
