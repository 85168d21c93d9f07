// SPDX-License-Identifier: Apache-2.0
//
// What Consul's agent refused, or did not answer.
//
//     try {
//       deregister = co_await agent.enroll(endpoint);
//     } catch (const sd::ConsulError& error) {
//       if (error.code() == std::error_code(403, sd::http_status_category())) explain_tokens();
//     }
#ifndef PROMETHEUS_ASYNC_SD_CONSUL_ERROR_H_
#define PROMETHEUS_ASYNC_SD_CONSUL_ERROR_H_

#include <system_error>

namespace prometheus_async::sd {

// what() names what was to be done, the agent and the reason: the status and the first line of the agent's answer, or
// what happened to the connection; never a token. code() is of http_status_category() or curl_category(), of
// sd/http_client.h, or of std::generic_category() for a token file that cannot be read.
class ConsulError : public std::system_error {
 public:
  using std::system_error::system_error;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_CONSUL_ERROR_H_
