// SPDX-License-Identifier: Apache-2.0
//
// The lines of an access log, in the combined format.
//
//   AccessLogFormat format;
//   log(format.line(request, 200, 5, std::chrono::system_clock::now()));
//   // 127.0.0.1 - - [22/Nov/2026:05:06:07 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.0"
#ifndef PROMETHEUS_ASYNC_TX_WEB_ACCESS_LOG_H_
#define PROMETHEUS_ASYNC_TX_WEB_ACCESS_LOG_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "tx/web/request.h"

namespace prometheus_async::tx::web {

// Threads: one at a time.
class AccessLogFormat {
 public:
  // What came from outside is escaped: control bytes, quotes, backslashes and bytes that are not ASCII, as in "\x22".
  std::string line(const Request& request, http::Status status, std::uint64_t sent_bytes,
                   std::chrono::system_clock::time_point time);

 private:
  std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
  std::string time_;  // of that second
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_ACCESS_LOG_H_
