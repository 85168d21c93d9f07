// SPDX-License-Identifier: Apache-2.0
#include "sd/http_client.h"

#include <algorithm>
#include <array>
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

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
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

bool is_token(std::string_view text) {  // RFC 9110, section 5.6.2
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kMarks.find(static_cast<char>(c)) != kMarks.npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

void check(const HttpRequest& request) {
  if (!is_token(request.method)) throw std::invalid_argument("the HTTP method is not a token");
  if (request.timeout <= request.timeout.zero()) throw std::invalid_argument("the HTTP timeout is not positive");
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name)) throw std::invalid_argument("the name of an HTTP header is not a token");
    if (!is_field_value(header.value)) {
      throw std::invalid_argument(absl::StrCat("the HTTP header ", header.name, " has a control character in it"));
    }
  }
}

// One request in curl's terms and the answer as it comes in. curl holds pointers to it.
class Exchange {
 public:
  explicit Exchange(const HttpRequest& request)
      : name_(absl::StrCat(request.method, " ", printable_url(request.url))), room_(request.max_response_bytes) {
    check(request);
    if (!easy_) throw std::bad_alloc();
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PATH_AS_IS, 1L);  // "/./b" would reach "/b"
    set(CURLOPT_PROXY, "");
    set(CURLOPT_FOLLOWLOCATION, 0L);  // a followed redirect takes the token along
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a cancelled name lookup is left behind, not waited for
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(request.timeout, kConnectTimeout).count()));
    set(CURLOPT_ERRORBUFFER, detail_.data());
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
    set_method(request);
    set_headers(request);
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
    return {.status = static_cast<int>(status), .body = std::move(body_)};
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
    set(CURLOPT_HTTPHEADER, headers_.get());
  }

  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());  // now part of `longer`
    headers_.reset(longer);
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
    if (line.starts_with("HTTP/")) exchange->head_complete_ = false;  // an interim answer may have come before
    if (line == "\r\n" || line == "\n") exchange->head_complete_ = true;
    return exchange->take_room(size) ? size : 0;
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
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::string body_;
  std::size_t room_;  // for the rest of the answer
  bool too_long_ = false;
  bool head_complete_ = false;
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
  const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
  if (!parsed) throw std::bad_alloc();
  const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS);
  if (code != CURLUE_OK) throw std::invalid_argument(absl::StrCat("malformed URL: ", curl_url_strerror(code)));
  const auto get = [&](CURLUPart part) {
    char* text = nullptr;
    curl_url_get(parsed.get(), part, &text, 0);
    const std::unique_ptr<char, StringDeleter> owned(text);
    return std::string(owned ? owned.get() : "");
  };
  const std::string scheme = get(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") throw std::invalid_argument("the URL is neither http nor https");
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), part, nullptr, 0);
  }
  return get(CURLUPART_URL);
}

HttpClient::HttpClient(asio::any_io_executor executor)
    : multi_(std::make_shared<internal::CurlMulti>(std::move(executor))) {}

HttpClient::~HttpClient() { multi_->close(); }

asio::awaitable<HttpResponse> HttpClient::perform(HttpRequest request) { return exchange(multi_, std::move(request)); }

}  // namespace prometheus_async::sd
