// SPDX-License-Identifier: Apache-2.0
//
// Where a server says what goes wrong, a line at a time.
//
//   net::Log log = net::log_to_stderr;
//   log("GET /: " + net::escape_for_log(what));
#ifndef PROMETHEUS_ASYNC_AIO_NET_LOG_H_
#define PROMETHEUS_ASYNC_AIO_NET_LOG_H_

#include <functional>
#include <string>
#include <string_view>

namespace prometheus_async::aio::net {

// Gets one line without a line end, on the server's thread. Must not throw.
using Log = std::function<void(std::string_view line)>;

// "prometheus_async: LINE" on stderr, in one write.
void log_to_stderr(std::string_view line);

// Text from outside for a line of a log: no control byte gets through ("\x0a" in its place), so no line can be forged.
std::string escape_for_log(std::string_view text);

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_LOG_H_
