// SPDX-License-Identifier: Apache-2.0
#include "metrics/ending.h"

#include "metrics/internal/exception_cast.h"

namespace prometheus_async::metrics {

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::kValue: return "ok";
    case Outcome::kError: return "error";
    case Outcome::kCancelled: return "cancelled";
    case Outcome::kAbandoned: return "abandoned";
  }
  return "unknown";
}

Ending Ending::thrown(const std::exception_ptr& exception, Reader reader) noexcept {
  Ending ending(Outcome::kError);
  ending.exception_ = &exception;
  ending.reader_ = reader;
  return ending;
}

Ending Ending::failed(std::error_code code, const void* source, MakeException make) noexcept {
  Ending ending(code == std::errc::operation_canceled ? Outcome::kCancelled : Outcome::kError);
  ending.reading_.code = code;
  ending.source_ = source;
  ending.make_ = make;
  return ending;
}

const Ending::Reading& Ending::read() const noexcept {
  if (reader_ != nullptr) {
    reading_ = reader_(*exception_);
    reader_ = nullptr;
  }
  return reading_;
}

std::exception_ptr Ending::exception() const {
  if (exception_ != nullptr) return *exception_;
  if (make_ != nullptr) return make_(source_);
  if (reading_.code) return std::make_exception_ptr(std::system_error(reading_.code));
  return nullptr;
}

Ending::Reading Ending::read_standard_exception(const std::exception_ptr& exception) noexcept {
  if (internal::exception_cast<Cancellation>(exception) != nullptr) return {Outcome::kCancelled, {}};
  if (const auto* const error = internal::exception_cast<std::system_error>(exception)) {
    const bool cancelled = error->code() == std::errc::operation_canceled;
    return {cancelled ? Outcome::kCancelled : Outcome::kError, error->code()};
  }
  return {};
}

}  // namespace prometheus_async::metrics
