// SPDX-License-Identifier: Apache-2.0

#include "tx/failure.h"

#include <cstdlib>
#include <memory>

#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

#include "tx/errors.h"

namespace prometheus_async::tx {
namespace internal {

void throw_no_exception() { throw NoCurrentExceptionError("prometheus_async: a Failure needs an exception to hold"); }

}  // namespace internal

Failure Failure::current() {
  std::exception_ptr exception = std::current_exception();
  if (exception == nullptr) {
    throw NoCurrentExceptionError("prometheus_async: no exception is being handled that could become a Failure");
  }
  return Failure(std::move(exception));
}

const std::type_info* Failure::type() const noexcept {
#ifdef __GLIBCXX__
  return exception_ == nullptr ? nullptr : exception_.__cxa_exception_type();
#else
  return nullptr;
#endif
}

namespace {

std::string type_name(const Failure& failure) {
  if (failure.type() == nullptr) return "an exception of unknown type";
  const char* mangled = failure.type()->name();
#ifdef __GLIBCXX__
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                         &std::free);
  if (status == 0) return name.get();
#endif
  return mangled;
}

}  // namespace

std::string Failure::get_error_message() const {
  if (const auto* error = check<std::exception>()) return error->what();
  return type_name(*this);
}

std::string Failure::get_brief_traceback() const {
  const auto* error = check<std::exception>();
  return error == nullptr ? type_name(*this) : type_name(*this) + ": " + error->what();
}

}  // namespace prometheus_async::tx
