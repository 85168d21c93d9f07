// SPDX-License-Identifier: Apache-2.0
//
// The unhandled failures that are reported while it lives.
#ifndef PROMETHEUS_ASYNC_TESTS_TX_UNHANDLED_FAILURES_H_
#define PROMETHEUS_ASYNC_TESTS_TX_UNHANDLED_FAILURES_H_

#include <string>
#include <vector>

#include "tx/unhandled.h"

namespace prometheus_async::testing {

class UnhandledFailures {
 public:
  UnhandledFailures()
      : before_(tx::set_unhandled_failure_hook([this](const tx::UnhandledFailure& unhandled) {
          messages.push_back(unhandled.failure.get_error_message());
          debug.emplace_back(unhandled.debug);
        })) {}
  ~UnhandledFailures() { tx::set_unhandled_failure_hook(before_); }

  UnhandledFailures(const UnhandledFailures&) = delete;
  UnhandledFailures& operator=(const UnhandledFailures&) = delete;

  std::vector<std::string> messages;
  std::vector<std::string> debug;

 private:
  tx::UnhandledFailureHook before_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TX_UNHANDLED_FAILURES_H_
