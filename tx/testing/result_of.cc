// SPDX-License-Identifier: Apache-2.0

#include "tx/testing/result_of.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace prometheus_async::tx::testing::internal {
namespace {

std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? name.get() : type.name();
}

}  // namespace

void end_test(const std::string& message, const std::source_location& at) {
  const int line = static_cast<int>(at.line());
  ADD_FAILURE_AT(at.file_name(), line) << message;
  throw ::testing::AssertionException(
      ::testing::TestPartResult(::testing::TestPartResult::kFatalFailure, at.file_name(), line, message.c_str()));
}

std::string describe_pending(bool was_called) {
  return was_called ? "no result yet: it was fired, and is paused or waits for another Deferred"
                    : "no result yet: it was not fired";
}

std::string describe(const Failure& failure) { return "the failure " + failure.get_brief_traceback(); }

std::string describe_types(const std::vector<const std::type_info*>& types) {
  std::string names;
  for (const std::type_info* type : types) {
    if (!names.empty()) names += " or ";
    names += name_of(*type);
  }
  return names;
}

}  // namespace prometheus_async::tx::testing::internal
