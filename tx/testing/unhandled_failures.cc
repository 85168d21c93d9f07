// SPDX-License-Identifier: Apache-2.0

#include "tx/testing/unhandled_failures.h"

#include <iterator>
#include <mutex>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "tx/unhandled.h"

namespace prometheus_async::tx::testing {
namespace {

struct Logged {
  Failure failure;
  std::string debug;
};

// Never destroyed: Deferreds may be dropped while the program ends.
std::mutex& mutex() {
  static auto& instance = *new std::mutex;
  return instance;
}
// Guarded by mutex().
std::vector<Logged>& logged() {
  static auto& instance = *new std::vector<Logged>;
  return instance;
}

void collect() {
  set_unhandled_failure_hook([](const UnhandledFailure& unhandled) {
    const std::lock_guard lock(mutex());
    logged().push_back({unhandled.failure, std::string(unhandled.debug)});
  });
}

class Listener : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo&) override { collect(); }
  void OnTestEnd(const ::testing::TestInfo&) override { report("the test"); }
  void OnTestSuiteEnd(const ::testing::TestSuite&) override { report("the suite, outside of its tests,"); }
  void OnTestIterationEnd(const ::testing::UnitTest&, int) override { report("the program, outside of its tests,"); }

 private:
  static void report(const char* who) {
    std::vector<Logged> left;
    {
      const std::lock_guard lock(mutex());
      left.swap(logged());
    }
    for (const Logged& each : left) {
      ADD_FAILURE() << who << " left an unhandled failure in a Deferred: " << each.failure.get_brief_traceback()
                    << (each.debug.empty() ? "" : " (" + each.debug + ")")
                    << "; tx::testing::flush_logged_errors() takes one that is meant";
    }
  }
};

}  // namespace

namespace internal {

std::vector<Failure> take_logged(const std::function<bool(const Failure&)>& is_wanted) {
  std::vector<Failure> taken;
  const std::lock_guard lock(mutex());
  std::vector<Logged> kept;
  for (Logged& each : logged()) {
    if (is_wanted(each.failure)) {
      taken.push_back(std::move(each.failure));
    } else {
      kept.push_back(std::move(each));
    }
  }
  logged().swap(kept);
  return taken;
}

}  // namespace internal

void fail_tests_on_unhandled_failures() {
  static const bool installed = [] {
    collect();
    ::testing::UnitTest::GetInstance()->listeners().Append(new Listener);
    return true;
  }();
  static_cast<void>(installed);
}

}  // namespace prometheus_async::tx::testing
