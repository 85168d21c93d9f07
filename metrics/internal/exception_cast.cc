// SPDX-License-Identifier: Apache-2.0

#include "metrics/internal/exception_cast.h"

#include <cstring>

namespace prometheus_async::metrics::internal {

const void* find_exception(const std::exception_ptr& exception, const std::type_info& type,
                           [[maybe_unused]] const void* (*by_rethrow)(const std::exception_ptr&)) noexcept {
  if (exception == nullptr) return nullptr;
#ifdef __GLIBCXX__
  // What a catch clause does, without the throw. An exception_ptr is the pointer to the exception object.
  static_assert(sizeof exception == sizeof(void*));
  void* object = nullptr;
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  const std::type_info& thrown = *exception.__cxa_exception_type();
  if (thrown == type) return object;
  return type.__do_catch(&thrown, &object, 1) ? object : nullptr;
#else
  return by_rethrow(exception);
#endif
}

}  // namespace prometheus_async::metrics::internal
