// SPDX-License-Identifier: Apache-2.0
//
// A line for each request, in the form that Apache, nginx and aiohttp have made common.
//
//   web::run_app(std::move(app), {.server = {.access_log = {.sink = web::lines_to_fd(STDOUT_FILENO)}}});
//
//   127.0.0.1 [22/Nov/2026:10:51:27 +0000] "GET /users/7 HTTP/1.1" 200 187 "-" "curl/7.88.1"
#ifndef PROMETHEUS_ASYNC_AIO_WEB_ACCESS_LOG_H_
#define PROMETHEUS_ASYNC_AIO_WEB_ACCESS_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aio/net/http_observer.h"
#include "aio/net/log.h"

namespace prometheus_async::aio::web {

// aiohttp's.
inline constexpr std::string_view kAccessLogFormat = R"(%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i")";

struct AccessLogOptions {
  // Gets each line, on the thread that served the request, which waits for it: see aio/web/line_sink.h for ready ones.
  // What it throws is dropped. Null: there is no log, and nothing is done for one.
  net::Log sink = nullptr;

  // aiohttp's directives, and Apache's %X. What there is nothing to say of is "-".
  //   %a       the other end of the connection: a numeric address; of a Unix socket "-"
  //   %t       when the request had come, local time: [22/Nov/2026:10:51:27 +0000]
  //   %P       the process' ID
  //   %r       the request line as it came; of a request that was refused "-"
  //   %s       the status that went out; 499, as nginx has it, if the client left before any of an answer did
  //   %b       the bytes that went out, with the head
  //   %T %Tf %D  from when the request's head was there until the answer was with the system: whole seconds, seconds
  //            with six decimals, microseconds
  //   %X       how it ended: "+" whole, "X" in the middle, because the client left, the handler threw or the server
  //            stopped
  //   %{Name}i %{Name}o  a field of the request, and of the answer; several of one name as a list
  //   %%       a percent sign
  std::string format = std::string(kAccessLogFormat);
};

// No client can forge or break a line: of what came from it each control byte, quote, backslash and byte beyond ASCII
// is written as \xhh. The fields Authorization, Proxy-Authorization, Cookie and Set-Cookie are "[redacted]" if they
// are there. Other secrets, in a query for instance, are written as they are.
//
// Threads: one log serves those of a server, each with a buffer of its own.
// Cost: one line is made without allocation, once a thread's buffer has grown to its lines; some 0.4 us.
// Semantics: aiohttp's AccessLogger, except that it escapes, that %P has no brackets, and that also those requests are
// logged that were refused before they were one, and those whose client left.
class AccessLog final : public net::HttpObserver {
 public:
  // Throws std::invalid_argument that names what is no directive, or the byte that no line may hold.
  // REQUIRES: a sink.
  explicit AccessLog(AccessLogOptions options);

  void on_answered(const net::HttpOutcome& outcome) noexcept override;
  bool wants_heads() const noexcept override { return wants_heads_; }

 private:
  enum class Kind : std::uint8_t {
    kText,
    kPeer,
    kTime,
    kProcess,
    kRequestLine,
    kStatus,
    kBytes,
    kSeconds,
    kExactSeconds,
    kMicroseconds,
    kEnding,
    kRequestField,
    kAnswerField,
    kSecretRequestField,
    kSecretAnswerField,
  };
  struct Part {
    Kind kind;
    std::string text;  // the text itself, or a field's name
  };

  static std::vector<Part> compile(std::string_view format);
  static Part compile_directive(std::string_view& rest);
  static void append(std::string& line, const Part& part, const net::HttpOutcome& outcome);

  const net::Log sink_;
  const std::vector<Part> parts_;
  const bool wants_heads_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_ACCESS_LOG_H_
