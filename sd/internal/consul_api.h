// SPDX-License-Identifier: Apache-2.0
//
// How one Consul agent is asked: its URL, its token, and what an error of it is called.
//
//     ConsulApi api(options);
//     HttpResponse response = co_await api.perform(client, {.path = "/v1/agent/services"});
//     if (response.status != 200) throw api.refusal("list the services", response);
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_API_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_API_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <boost/asio/awaitable.hpp>

#include "sd/consul_error.h"
#include "sd/consul_options.h"
#include "sd/http_client.h"

namespace prometheus_async::sd::internal {

struct ConsulCall {
  std::string method = "GET";
  std::string path = {};   // from /v1 on, percent-encoded
  std::string query = {};  // "a=b&c=d", percent-encoded; namespace and partition are added
  std::string body = {};   // JSON
  std::chrono::milliseconds timeout = std::chrono::milliseconds(0);  // 0: the option's
  std::size_t max_response_bytes = 1024 * 1024;
  bool repeats = true;  // once more with another token, if the agent denies it
};

// Threads: one executor, as HttpClient.
class ConsulApi {
 public:
  // REQUIRES: options that check() of consul_rules.h accepts.
  explicit ConsulApi(std::shared_ptr<const ConsulOptions> options);

  // Performs the call. The token file is read before the first, and again when the agent denies something: with another
  // token in it the call is made once more, if it says so.
  //
  // Errors: ConsulError, "cannot PURPOSE with the Consul agent at URL: reason", without an answer, or without a token
  // because its file cannot be read. Cancelled: operation_aborted.
  asio::awaitable<HttpResponse> perform(HttpClient& client, std::string purpose, ConsulCall call);

  // For an answer that is not as hoped.
  ConsulError refusal(const std::string& purpose, const HttpResponse& response) const;

  // Reads the token file again; whether there is another token in it than before. False without a file, and for one
  // that cannot be read.
  bool refresh_token();

  // Goes up with every other token that was read.
  int token_version() const { return token_version_; }

  const ConsulOptions& options() const { return *options_; }

 private:
  HttpRequest request(ConsulCall call) const;
  ConsulError error(const std::string& purpose, std::error_code code, const std::string& reason) const;
  // The first line of what the agent wrote, fit for a message: short, printable, without a token should it be echoed.
  std::string first_line(std::string_view body) const;
  // Throws std::system_error.
  std::string read_token_file() const;

  std::shared_ptr<const ConsulOptions> options_;
  std::string url_;          // without a slash at its end
  std::string unix_socket_;  // empty: none
  std::string printable_;    // the agent without user and password
  std::string token_;
  bool has_token_ = false;
  int token_version_ = 0;
};

// Everything but RFC 3986's unreserved characters is encoded.
std::string percent_encode(std::string_view text);

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_CONSUL_API_H_
