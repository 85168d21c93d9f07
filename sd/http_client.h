// SPDX-License-Identifier: Apache-2.0
//
// An asynchronous HTTP/1.1 client for small exchanges with services nearby (an agent, a registry): libcurl on the
// caller's executor, without a thread of its own and without ever blocking it, name lookups included.
//
//     asio::awaitable<std::string> leader() {
//       sd::HttpClient client(co_await asio::this_coro::executor);
//       sd::HttpRequest request{.url = "http://127.0.0.1:8500/v1/status/leader"};
//       sd::HttpResponse response = co_await client.perform(std::move(request));
//       co_return response.status == 200 ? response.body : "none";
//     }
#ifndef PROMETHEUS_ASYNC_SD_HTTP_CLIENT_H_
#define PROMETHEUS_ASYNC_SD_HTTP_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace prometheus_async::sd {

namespace asio = boost::asio;

namespace internal {
class CurlMulti;
}

struct HttpHeader {
  std::string name;
  std::string value;
};

// What https needs beyond the system's defaults; plain http makes nothing of it. Files are PEM. They are read for each
// new connection, on the executor: a renewed one counts from the next connection on, and all of ca_file is read each
// time, so that ca_path, of which only the one needed is read, is better for many certificates.
struct HttpTls {
  std::string ca_file = {};           // certificates of the authorities to trust, in place of the system's
  std::string ca_path = {};           // a folder of them, as c_rehash leaves it
  std::string certificate_file = {};  // of this client, with its chain; together with key_file
  std::string key_file = {};          // without a passphrase
  // A host name or IP address that the certificate must be for, and sent as SNI; empty: the URL's host. Where to
  // connect to, and the Host header, stay the URL's.
  std::string server_name = {};
  bool verify = true;  // false: any certificate will do
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};                  // http or https; the path is sent as it stands
  std::vector<HttpHeader> headers = {};  // a Content-Type is sent only if it is among them
  std::string body = {};                 // ignored for GET and HEAD
  HttpTls tls = {};
  // Path of the socket to connect to, in place of the URL's host and port; at most 107 bytes.
  std::string unix_socket = {};
  std::chrono::milliseconds timeout{5000};       // for the whole exchange; positive
  std::size_t max_response_bytes = 1024 * 1024;  // of header and body together; an answer may be as long, not longer
};

struct HttpResponse {
  int status = 0;  // any: a redirect is an answer like others, and is not followed
  // In order, of the final answer (neither of an interim one nor trailers), without white space around the value.
  std::vector<HttpHeader> headers = {};
  std::string body = {};

  // The first header of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const;
};

// A request that got no complete answer. code() is of curl_category(); it equals std::errc::timed_out for a timeout and
// has value 63 (CURLE_FILESIZE_EXCEEDED) for an answer beyond max_response_bytes. what() names the method, the URL as
// printable_url() has it, the unix socket if there is one, and the reason; a header is never part of it.
class HttpError : public std::system_error {
 public:
  HttpError(std::error_code code, const std::string& request, std::string reason);

  // What libcurl has to say beyond the code, without the URL; may be empty.
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

// libcurl's CURLcode values.
const std::error_category& curl_category() noexcept;

// HTTP statuses, for those to whom a status is an error.
const std::error_category& http_status_category() noexcept;

// The URL without what may be secret or private in it: user, password, query and fragment.
// Errors: std::invalid_argument if it is not a URL, or neither http nor https. The message does not repeat it.
std::string printable_url(const std::string& url);

// Performs requests, any number at a time, each over a connection that is free or a new one: none waits for another.
// Keeps up to four idle connections. One with other TLS settings, or to another place, is not free for a request.
// Connecting may take 5 s of the timeout. A peer that vanishes without a word is noticed after two minutes, by TCP's
// keep-alive, or by the timeout.
//
// The environment's proxies are not used, cookies, redirects, compression and HTTP/2 neither. TLS is 1.2 or later.
//
// Cost: a turn of the loop opens or serves one connection, so that others' handlers come in between; 0.1 ms, for a step
// of a TLS handshake 1 to 3 ms: //benchmarks/sd:loop_stall.
//
// Threads: everything on the executor given, which runs one handler at a time (an io_context run by one thread, or a
// strand).
// Processes: in a child forked since, perform() throws std::logic_error; the destructor leaves the parent's connections
// alone.
// Lifetime: the client may be destroyed with requests under way; they end with operation_aborted.
class HttpClient {
 public:
  explicit HttpClient(asio::any_io_executor executor);  // throws std::runtime_error if libcurl cannot start
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // Sends `request` and collects the answer.
  //
  // Errors: HttpError if there is no complete answer; std::invalid_argument, before anything is sent, for a URL that
  // printable_url() refuses, a method or header that would break the message, a timeout that is not positive, one of
  // certificate and key without the other, a server name or path that cannot be one. A file that cannot be read is an
  // HttpError that names it. A timeout beyond 24 days is as 24 days.
  // Cancelled (terminal, or what the coroutine has enabled): ends at once with operation_aborted
  // (boost::system::system_error) and closes the connection; the request may have reached the server.
  [[nodiscard]] asio::awaitable<HttpResponse> perform(HttpRequest request);

 private:
  std::shared_ptr<internal::CurlMulti> multi_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_HTTP_CLIENT_H_
