// SPDX-License-Identifier: Apache-2.0
//
// An HTTP status code that knows its reason phrase.
//
//   Status status = 404;
//   status.reason();  // "Not Found"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_STATUS_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_STATUS_H_

#include <stdexcept>
#include <string>
#include <string_view>

namespace prometheus_async::aio::http {

// Converts from a number, so that an interface can say `Status status = 200`.
class Status {
 public:
  // Throws std::invalid_argument outside 100 to 999.
  constexpr Status(int code) : code_(code) {  // NOLINT(google-explicit-constructor): a Status is written as a number
    if (code < 100 || code > 999) throw std::invalid_argument("status " + std::to_string(code) + ": not in 100..999");
  }

  constexpr int code() const { return code_; }

  // The phrase of IANA's registry, "Unknown" for a code that is not in it.
  std::string_view reason() const;
  // "HTTP/1.1 404 Not Found\r\n"; empty for a code that is not in the registry.
  std::string_view line() const;

  // No response with this status has a body, whatever the handler gave it (RFC 9110 6.4.1).
  constexpr bool is_bodiless() const { return code_ < 200 || code_ == 204 || code_ == 304; }

  friend constexpr bool operator==(Status, Status) = default;

 private:
  int code_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_STATUS_H_
