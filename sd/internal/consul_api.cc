// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_api.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace prometheus_async::sd::internal {
namespace {

constexpr std::size_t kMaxReasonBytes = 300;
constexpr std::size_t kMaxTokenBytes = 4096;
constexpr std::string_view kUnix = "unix://";

std::string without_slash(std::string url) {
  if (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

ConsulApi::ConsulApi(std::shared_ptr<const ConsulOptions> options) : options_(std::move(options)) {
  const std::string& agent = options_->agent;
  if (agent.starts_with(kUnix)) {
    url_ = "http://localhost";
    unix_socket_ = agent.substr(kUnix.size());
    printable_ = agent;
  } else {
    url_ = without_slash(agent);
    printable_ = without_slash(printable_url(agent));
  }
}

asio::awaitable<HttpResponse> ConsulApi::perform(HttpClient& client, std::string purpose, ConsulCall call) {
  try {
    if (!has_token_) {
      token_ = options_->token_file.empty() ? options_->token : read_token_file();
      has_token_ = true;
    }
    HttpResponse response = co_await client.perform(request(call));
    const bool is_renewed = response.status == 403 && refresh_token();
    if (is_renewed && call.repeats) response = co_await client.perform(request(std::move(call)));
    co_return response;
  } catch (const HttpError& seen) {
    throw error(purpose, seen.code(), seen.reason());
  } catch (const std::system_error& seen) {
    if (seen.code().category() != std::generic_category()) throw;  // cancelled
    throw error(purpose, seen.code(), absl::StrCat("the token file ", options_->token_file));
  }
}

ConsulError ConsulApi::refusal(const std::string& purpose, const HttpResponse& response) const {
  return error(purpose, {response.status, http_status_category()}, first_line(response.body));
}

bool ConsulApi::refresh_token() {
  if (options_->token_file.empty()) return false;
  try {
    std::string token = read_token_file();
    if (has_token_ && token == token_) return false;
    token_ = std::move(token);
    ++token_version_;
    return has_token_ = true;
  } catch (const std::system_error&) {
    return false;
  }
}

HttpRequest ConsulApi::request(ConsulCall call) const {
  for (const auto& [name, value] :
       {std::pair("ns", &options_->consul_namespace), std::pair("partition", &options_->partition)}) {
    if (value->empty()) continue;
    absl::StrAppend(&call.query, call.query.empty() ? "" : "&", name, "=", percent_encode(*value));
  }
  HttpRequest request{.method = std::move(call.method),
                      .url = absl::StrCat(url_, call.path, call.query.empty() ? "" : "?", call.query),
                      .body = std::move(call.body),
                      .tls = options_->tls,
                      .unix_socket = unix_socket_,
                      .timeout = call.timeout.count() > 0 ? call.timeout : options_->timeout,
                      .max_response_bytes = call.max_response_bytes};
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!token_.empty()) request.headers.push_back({"X-Consul-Token", token_});
  if (!options_->http_auth.empty()) {
    std::string encoded;
    absl::Base64Escape(options_->http_auth, &encoded);
    request.headers.push_back({"Authorization", absl::StrCat("Basic ", encoded)});
  }
  return request;
}

ConsulError ConsulApi::error(const std::string& purpose, std::error_code code, const std::string& reason) const {
  std::string what = absl::StrCat("cannot ", purpose, " with the Consul agent at ", printable_);
  if (!reason.empty()) absl::StrAppend(&what, ": ", reason);
  return ConsulError(code, what);
}

std::string ConsulApi::first_line(std::string_view body) const {
  std::string line(body.substr(0, body.find('\n')));
  if (!token_.empty()) line = absl::StrReplaceAll(line, {{token_, "<token>"}});
  line.resize(std::min(line.size(), kMaxReasonBytes));  // last, or it might leave a piece of the token
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); }, ' ');
  return std::string(absl::StripAsciiWhitespace(line));
}

std::string ConsulApi::read_token_file() const {
  errno = 0;
  std::ifstream file(options_->token_file, std::ios::binary);
  std::string token{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw std::system_error(errno != 0 ? errno : EIO, std::generic_category());
  }
  token = std::string(absl::StripAsciiWhitespace(token));
  const bool is_one = token.size() <= kMaxTokenBytes &&
                      std::all_of(token.begin(), token.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (!is_one) throw std::system_error(EINVAL, std::generic_category());
  return token;
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char c : text) {
    if (absl::ascii_isalnum(c) || std::string_view("-._~").find(static_cast<char>(c)) != std::string_view::npos) {
      encoded += static_cast<char>(c);
    } else {
      encoded += {'%', kDigits[c / 16], kDigits[c % 16]};
    }
  }
  return encoded;
}

}  // namespace prometheus_async::sd::internal
