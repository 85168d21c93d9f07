// SPDX-License-Identifier: Apache-2.0
#include "sd/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <curl/curl.h>

#include "sd/internal/curl_multi.h"

namespace prometheus_async::sd {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{5000};
constexpr std::chrono::milliseconds kMaxTimeout{INT_MAX};  // libcurl's, 24 days
constexpr long kKeepAliveIdleSeconds = 30;                 // a peer that has vanished from under a long poll is noticed
constexpr long kKeepAliveIntervalSeconds = 10;             // after 30 + 9 * 10 s, nine being Linux's count of probes

struct EasyDeleter {
  // A copy in a forked child is left alone: cleaning it up would say goodbye on the parent's connection.
  void operator()(CURL* easy) const {
    if (::getpid() == owner) curl_easy_cleanup(easy);
  }
  pid_t owner = ::getpid();
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct StringDeleter {
  void operator()(char* string) const { curl_free(string); }
};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return absl::ascii_tolower(x) == absl::ascii_tolower(y); });
}

bool is_token(std::string_view text) {  // RFC 9110, section 5.6.2
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kMarks.find(static_cast<char>(c)) != kMarks.npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

void check_file(const std::string& path, const char* name) {  // curl would take the part before a zero byte
  if (path.find('\0') != path.npos) throw std::invalid_argument(absl::StrCat(name, " has a zero byte in it"));
}

void check(const HttpTls& tls) {
  check_file(tls.ca_file, "tls.ca_file");
  check_file(tls.ca_path, "tls.ca_path");
  check_file(tls.certificate_file, "tls.certificate_file");
  check_file(tls.key_file, "tls.key_file");
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    throw std::invalid_argument("tls.certificate_file and tls.key_file go together, and only one of them is given");
  }
}

void check(const HttpRequest& request) {
  if (!is_token(request.method)) throw std::invalid_argument("the HTTP method is not a token");
  if (request.timeout <= request.timeout.zero()) throw std::invalid_argument("the HTTP timeout is not positive");
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name)) throw std::invalid_argument("the name of an HTTP header is not a token");
    if (!is_field_value(header.value)) {
      throw std::invalid_argument(absl::StrCat("the HTTP header ", header.name, " has a control character in it"));
    }
    for (const char* framing : {"Content-Length", "Transfer-Encoding"}) {
      if (!same_name(header.name, framing)) continue;
      throw std::invalid_argument(absl::StrCat("the HTTP header ", framing, " follows from the body"));
    }
  }
  check_file(request.unix_socket, "unix_socket");
  if (request.unix_socket.size() >= sizeof(sockaddr_un::sun_path)) {
    throw std::invalid_argument(
        absl::StrCat("unix_socket is longer than ", sizeof(sockaddr_un::sun_path) - 1, " bytes"));
  }
  check(request.tls);
}

std::string part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  curl_url_get(url, part, &text, flags);  // a part that is not there leaves a null pointer
  const std::unique_ptr<char, StringDeleter> owned(text);
  return owned ? owned.get() : "";
}

// Errors: std::invalid_argument, as printable_url().
std::unique_ptr<CURLU, UrlDeleter> parse_url(const std::string& text) {
  std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (!url) throw std::bad_alloc();
  if (text.find('\0') != text.npos) throw std::invalid_argument("malformed URL: it has a zero byte in it");
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_PATH_AS_IS);
  if (code != CURLUE_OK) throw std::invalid_argument(absl::StrCat("malformed URL: ", curl_url_strerror(code)));
  const std::string scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") throw std::invalid_argument("the URL is neither http nor https");
  return url;
}

bool is_ip_address(const std::string& host) {
  in_addr address{};
  return host.starts_with('[') || ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// A folder of certificates under their hashes, as OpenSSL looks for them: "5ed36f99.0".
bool is_hashed_folder(const char* path) {
  if (path == nullptr) return false;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.size() == 10 && name.ends_with(".0") &&
        std::all_of(name.begin(), name.begin() + 8, absl::ascii_isxdigit)) {
      return true;
    }
  }
  return false;
}

// The folder of the system's certificates; null if libcurl knows of none, or there are none in it. From the folder
// OpenSSL reads the one certificate that it needs, from the file all of them, which holds up the loop for 50 ms and
// more.
const char* system_ca_path(CURL* easy) {
  static const char* const path = [easy] {
    char* text = nullptr;
    curl_easy_getinfo(easy, CURLINFO_CAPATH, &text);
    return is_hashed_folder(text) ? text : nullptr;  // a constant of libcurl's
  }();
  return path;
}

std::string printable_name(const HttpRequest& request) {
  std::string name = absl::StrCat(request.method, " ", printable_url(request.url));
  if (!request.unix_socket.empty()) absl::StrAppend(&name, " at ", request.unix_socket);
  return name;
}

// One request in curl's terms and the answer as it comes in. curl holds pointers to it.
class Exchange {
 public:
  explicit Exchange(const HttpRequest& request) : name_(printable_name(request)), room_(request.max_response_bytes) {
    check(request);
    if (!easy_) throw std::bad_alloc();
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PATH_AS_IS, 1L);  // "/./b" would reach "/b"
    set(CURLOPT_PROXY, "");
    set(CURLOPT_FOLLOWLOCATION, 0L);  // a followed redirect takes the token along
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a cancelled name lookup is left behind, not waited for
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::min(request.timeout, kMaxTimeout).count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(request.timeout, kConnectTimeout).count()));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
    set(CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
    set(CURLOPT_ERRORBUFFER, detail_.data());
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
    set_method(request);
    set_headers(request);
    set_address(request);
    set_tls(request.tls);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  CURL* easy() const { return easy_.get(); }

  // The answer of a transfer that ended with `result`.
  HttpResponse take(CURLcode result) {
    if (too_long_) throw error(CURLE_FILESIZE_EXCEEDED, "the answer is too long");
    if (result != CURLE_OK) throw error(result, reason(result));
    if (!head_complete_) throw error(CURLE_PARTIAL_FILE, "the answer ends within its header");  // libcurl 7.88 takes it
    long status = 0;
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    return {.status = static_cast<int>(status), .headers = headers_of_answer(), .body = std::move(body_)};
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    static_assert(!std::is_integral_v<T> || std::is_same_v<T, long> || std::is_same_v<T, curl_off_t>);  // varargs
    const CURLcode code = curl_easy_setopt(easy(), option, value);
    if (code != CURLE_OK) throw error(code, "");
  }

  void set_method(const HttpRequest& request) {
    if (request.method == "GET") return;
    if (request.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // With the size set first the body may hold any byte, and an empty one is announced as Content-Length: 0.
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_COPYPOSTFIELDS, request.body.data());
  }

  void set_headers(const HttpRequest& request) {
    add("Expect:");        // curl's own would delay a body by a round trip,
    add("Content-Type:");  // or call it a form; a "Name: value" below overrides
    for (const HttpHeader& header : request.headers) {
      add(header.value.empty() ? absl::StrCat(header.name, ";") : absl::StrCat(header.name, ": ", header.value));
    }
  }

  void set_address(const HttpRequest& request) {
    const std::unique_ptr<CURLU, UrlDeleter> url = parse_url(request.url);
    const std::string host = part(url.get(), CURLUPART_HOST);
    if (!request.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    if (!request.tls.server_name.empty() && part(url.get(), CURLUPART_SCHEME) == "https") {
      set_server_name(request, url.get());
    }
    // The time until libcurl tries the next address of a name. Without a next one it only makes libcurl see to all
    // transfers of that age in one go, which takes long if they are many and shake hands.
    if (!request.unix_socket.empty() || is_ip_address(host)) {
      set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, static_cast<long>(kConnectTimeout.count()));
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_URL, part(url.get(), CURLUPART_URL).c_str());
  }

  // libcurl expects a certificate for the URL's host. So the name takes its place there, while the connection, and the
  // Host header, are for the host that the caller has in the URL.
  void set_server_name(const HttpRequest& request, CURLU* url) {
    const std::string host = part(url, CURLUPART_HOST);
    const std::string port = part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    const std::string& name = request.tls.server_name;
    const bool is_ipv6 = name.find(':') != name.npos && !name.starts_with('[');
    curl_url_set(url, CURLUPART_ZONEID, nullptr, 0);
    if (name.find('\0') != name.npos ||
        curl_url_set(url, CURLUPART_HOST, (is_ipv6 ? absl::StrCat("[", name, "]") : name).c_str(), 0) != CURLUE_OK) {
      throw std::invalid_argument("tls.server_name is neither a host name nor an IP address");
    }
    const bool has_host = std::any_of(request.headers.begin(), request.headers.end(),
                                      [](const HttpHeader& header) { return same_name(header.name, "host"); });
    if (!has_host) add(absl::StrCat("Host: ", host, port.empty() ? "" : ":", port));
    append(connect_to_, absl::StrCat("::", host, ":", part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT)));
    set(CURLOPT_CONNECT_TO, connect_to_.get());
  }

  void set_tls(const HttpTls& tls) {
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
    // A resumed session has the identities and the trust of the first one, whatever the files say now.
    set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    set_authorities(tls);
    if (tls.certificate_file.empty()) return;
    set(CURLOPT_SSLCERT, tls.certificate_file.c_str());
    set(CURLOPT_SSLKEY, tls.key_file.c_str());
    set(CURLOPT_KEYPASSWD, "");  // without one OpenSSL asks the terminal for the passphrase of an encrypted key
  }

  // What is not set would be libcurl's default: the system's certificates beside the caller's.
  void set_authorities(const HttpTls& tls) {
    const char* const none = nullptr;
    if (!tls.verify) {  // nor read for nothing
      set(CURLOPT_CAINFO, none);
      set(CURLOPT_CAPATH, none);
    } else if (!tls.ca_file.empty() || !tls.ca_path.empty()) {
      set(CURLOPT_CAINFO, tls.ca_file.empty() ? none : tls.ca_file.c_str());
      set(CURLOPT_CAPATH, tls.ca_path.empty() ? none : tls.ca_path.c_str());
      set(CURLOPT_CA_CACHE_TIMEOUT, 0L);  // a renewed file counts
    } else if (system_ca_path(easy()) != nullptr) {
      set(CURLOPT_CAINFO, none);
    } else {
      set(CURLOPT_CAPATH, none);  // or the file would not be cached
    }
  }

  std::vector<HttpHeader> headers_of_answer() {
    std::vector<HttpHeader> headers;
    curl_header* header = nullptr;
    while ((header = curl_easy_nextheader(easy(), CURLH_HEADER, -1, header)) != nullptr) {
      headers.push_back(
          {header->name, std::string(absl::StripAsciiWhitespace(header->value))});  // 7.88 has "\r" for ""
    }
    return headers;
  }

  void add(const std::string& line) { append(headers_, line); }

  static void append(std::unique_ptr<curl_slist, ListDeleter>& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());  // now part of `longer`
    list.reset(longer);
  }

  // True while the answer keeps within its bound.
  bool take_room(std::size_t size) {
    too_long_ = too_long_ || size > room_;
    room_ -= too_long_ ? 0 : size;
    return !too_long_;
  }

  // curl ends the transfer when a callback takes less than it was given.
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto* exchange = static_cast<Exchange*>(self);
    const std::string_view line(data, size);
    if (!exchange->head_complete_) {  // trailers come here too
      if (line.starts_with("HTTP/")) exchange->head_is_interim_ = is_interim(line);
      if (line == "\r\n" || line == "\n") exchange->head_complete_ = !exchange->head_is_interim_;
    }
    return exchange->take_room(size) ? size : 0;
  }
  static bool is_interim(std::string_view status_line) {  // "HTTP/1.1 103 Early Hints"
    const std::size_t space = status_line.find(' ');
    return space != status_line.npos && status_line.substr(space + 1).starts_with('1');
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto* exchange = static_cast<Exchange*>(self);
    if (!exchange->take_room(size)) return 0;
    try {
      exchange->body_.append(data, size);
    } catch (const std::bad_alloc&) {
      return 0;
    }
    return size;
  }

  HttpError error(CURLcode code, std::string reason) const {
    return HttpError(std::error_code(code, curl_category()), name_, std::move(reason));
  }

  std::string reason(CURLcode result) const {
    std::string_view detail = detail_.data();
    const std::string_view message = curl_easy_strerror(result);  // HttpError says it anyway
    if (detail.ends_with(message)) detail.remove_suffix(message.size());
    if (detail.ends_with(": ")) detail.remove_suffix(2);
    long system = 0;
    if (result == CURLE_COULDNT_CONNECT) curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &system);
    if (system == 0) return std::string(detail);
    return std::string(detail) + " (" + std::generic_category().message(static_cast<int>(system)) + ")";
  }

  std::string name_;
  std::unique_ptr<CURL, EasyDeleter> easy_{curl_easy_init()};
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<curl_slist, ListDeleter> connect_to_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::string body_;
  std::size_t room_;  // for the rest of the answer
  bool too_long_ = false;
  bool head_is_interim_ = false;
  bool head_complete_ = false;  // of the answer that counts
};

asio::awaitable<HttpResponse> exchange(std::shared_ptr<internal::CurlMulti> multi, HttpRequest request) {
  Exchange exchange(request);
  const CURLcode result = co_await internal::CurlMulti::run(std::move(multi), exchange.easy());
  co_return exchange.take(result);
}

class CurlCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "curl"; }
  std::string message(int code) const override { return curl_easy_strerror(static_cast<CURLcode>(code)); }
  std::error_condition default_error_condition(int code) const noexcept override {
    if (code == CURLE_OPERATION_TIMEDOUT) return std::errc::timed_out;
    return {code, *this};
  }
};

class HttpStatusCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "http"; }
  std::string message(int status) const override { return absl::StrCat("HTTP status ", status); }
};

}  // namespace

const std::error_category& curl_category() noexcept {
  static const CurlCategory category;
  return category;
}

const std::error_category& http_status_category() noexcept {
  static const HttpStatusCategory category;
  return category;
}

HttpError::HttpError(std::error_code code, const std::string& request, std::string reason)
    : std::system_error(code, reason.empty() ? request : absl::StrCat(request, ": ", reason)),
      reason_(std::move(reason)) {}

std::string printable_url(const std::string& url) {
  const std::unique_ptr<CURLU, UrlDeleter> parsed = parse_url(url);
  for (const CURLUPart secret : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), secret, nullptr, 0);
  }
  return part(parsed.get(), CURLUPART_URL);
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const HttpHeader& header) { return same_name(header.name, name); });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

HttpClient::HttpClient(asio::any_io_executor executor)
    : multi_(std::make_shared<internal::CurlMulti>(std::move(executor))) {}

HttpClient::~HttpClient() { multi_->close(); }

asio::awaitable<HttpResponse> HttpClient::perform(HttpRequest request) { return exchange(multi_, std::move(request)); }

}  // namespace prometheus_async::sd
