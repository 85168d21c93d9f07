// SPDX-License-Identifier: Apache-2.0
//
// Lets in only those who know a password, by HTTP's Basic authentication. To be used behind TLS: the password goes over
// the wire with each request.
//
//   app.use(web::basic_auth(std::make_shared<web::BasicAuth>(users)));
#ifndef PROMETHEUS_ASYNC_AIO_WEB_BASIC_AUTH_H_
#define PROMETHEUS_ASYNC_AIO_WEB_BASIC_AUTH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "aio/web/basic_auth_verifier.h"
#include "aio/web/middleware.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

struct BasicCredentials {
  std::string user;
  std::string password;
};

// Of an Authorization field's value. Nothing if the scheme is another, and for what is not base64 or has no colon in
// it.
std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization);

// A BasicAuthVerifier behind a thread of net::default_offload_pool(): bcrypt, whose time is the point of it, never
// holds up a loop. One password is computed at a time, so that strangers get no more than one core to burn; those who
// ask for one that is being computed wait for that.
//
// Threads: any, each with an executor that runs one handler at a time. After a fork() a child makes one of its own.
// Lifetime: may go while verify() waits.
class BasicAuth {
 public:
  // Passwords that may wait to be computed. At 70 ms each, the last of them waits 5 s.
  static constexpr std::size_t kMaxWaiting = 64;

  enum class Verdict : std::uint8_t {
    kAccepted,
    kRefused,
    kBusy,  // kMaxWaiting others wait
  };

  // Throws as BasicAuthVerifier's constructor.
  explicit BasicAuth(BasicAuthUsers users);

  BasicAuth(const BasicAuth&) = delete;
  BasicAuth& operator=(const BasicAuth&) = delete;

  // At once for what is remembered, in a later turn of the loop for what is not.
  //
  // Cancelled: throws std::system_error, operation_aborted. What nobody waits for any more is not computed, unless it
  // is being computed.
  asio::awaitable<Verdict> verify(std::string user, std::string password);

  // Nothing if the request may pass. Otherwise its answer: 401 with WWW-Authenticate, the same whatever was wrong; 503
  // with Retry-After if kBusy.
  asio::awaitable<std::optional<Response>> refusal(const Request& request);

  const BasicAuthUsers& users() const;
  // How many passwords were computed so far.
  std::uint64_t checks() const;

 private:
  struct State;

  const std::shared_ptr<State> state_;
};

// Answers in place of the handler where refusal() does.
Middleware basic_auth(std::shared_ptr<BasicAuth> auth);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_BASIC_AUTH_H_
