// SPDX-License-Identifier: Apache-2.0
//
// How an operation ended. A wrapper makes one Ending when the operation settles and hands it to its probe, whose
// filter or outcome label asks what it needs to know.
//
//   metrics::when([](const metrics::Ending& e) { return e.code() == std::errc::connection_reset; })
#ifndef PROMETHEUS_ASYNC_METRICS_ENDING_H_
#define PROMETHEUS_ASYNC_METRICS_ENDING_H_

#include <cstdint>
#include <exception>
#include <string_view>
#include <system_error>

namespace prometheus_async::metrics {

enum class Outcome : std::uint8_t {
  kValue,      // it returned, or completed with a zero error code
  kError,      // it threw, or completed with an error code
  kCancelled,  // it threw or completed with the error of a cancelled operation
  kAbandoned,  // its frame, handler or awaitable was destroyed before it settled
};

// The label values of Outcome: "ok", "error", "cancelled", "abandoned".
std::string_view to_string(Outcome outcome) noexcept;

// Base of exception types that say "cancelled" without being a std::system_error. Derive from it to have an exception
// of your own counted as a cancellation instead of an error.
class Cancellation {
 public:
  virtual ~Cancellation() = default;
};

// A view of an operation's end. It refers to what it was made of and lives only while the probe ends.
//
// Cost: a value costs nothing. Telling an error from a cancellation looks at the exception's type, some ten
// nanoseconds; it happens at most once, and only when a probe asks.
// Threads: used by one thread at a time.
class Ending {
 public:
  // What can be read off an exception: whether it is a cancellation, and its error code if it has one.
  struct Reading {
    Outcome outcome = Outcome::kError;  // not kValue
    std::error_code code;
  };
  // Reads an exception. Attachments to a world with exception types of its own bring a reader that knows them.
  using Reader = Reading (*)(const std::exception_ptr& exception) noexcept;
  // Makes the exception that stands for the error code at `source`.
  using MakeException = std::exception_ptr (*)(const void* source);

  static Ending value() noexcept { return Ending(Outcome::kValue); }
  static Ending abandoned() noexcept { return Ending(Outcome::kAbandoned); }
  static Ending cancelled() noexcept { return Ending(Outcome::kCancelled); }

  // REQUIRES: `exception` outlives the Ending.
  static Ending thrown(const std::exception_ptr& exception, Reader reader = &read_standard_exception) noexcept;

  // An operation that reports a failure by code. `make`, given, turns the code into the exception that a type filter
  // looks at (std::system_error otherwise). REQUIRES: `code` is not zero; `source` outlives the Ending.
  static Ending failed(std::error_code code, const void* source = nullptr, MakeException make = nullptr) noexcept;

  // An error whose exception nobody can name. Only filters that do not ask for a type see it.
  static Ending unnamed_error() noexcept { return Ending(Outcome::kError); }

  // Whether it ended with a value: the question that costs nothing.
  bool is_value() const noexcept { return reading_.outcome == Outcome::kValue; }
  Outcome outcome() const noexcept { return read().outcome; }

  // The error as an exception: the one thrown, or one made from the code. Null for other outcomes, and for an error
  // whose exception nobody can name (a scope left by an exception).
  std::exception_ptr exception() const;

  // The error as a code: the one reported, or that of a thrown std::system_error. Zero where there is none.
  std::error_code code() const noexcept { return read().code; }

  // The default reader: exceptions derived from Cancellation, and std::system_error, whose code
  // std::errc::operation_canceled is a cancellation.
  static Reading read_standard_exception(const std::exception_ptr& exception) noexcept;

 private:
  explicit Ending(Outcome outcome) noexcept : reading_{outcome, {}} {}

  const Reading& read() const noexcept;

  mutable Reading reading_;
  mutable Reader reader_ = nullptr;  // not null while exception_ waits to be read
  const std::exception_ptr* exception_ = nullptr;
  const void* source_ = nullptr;
  MakeException make_ = nullptr;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_ENDING_H_
