// SPDX-License-Identifier: Apache-2.0
#include "exposition/push_gateway.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <curl/curl.h>

#include "exposition/render.h"
#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::exposition {
namespace {

using Pair = PushGatewayOptions::Pair;

constexpr std::size_t kKeptOfAnswer = 1024;  // as much of the gateway's words as a log line bears

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
using CurlString = std::unique_ptr<char, StringDeleter>;
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Url = std::unique_ptr<CURLU, UrlDeleter>;

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return "";
  return CurlString(text).get();
}

// The URL without the slash at its end. Its user and password move to where the options do not have any.
std::string parse_url(std::string_view text, PushGatewayOptions& options) {
  const Url url(curl_url());
  if (!url) throw std::bad_alloc();
  const std::string whole = text.find("://") == text.npos ? "http://" + std::string(text) : std::string(text);
  if (curl_url_set(url.get(), CURLUPART_URL, whole.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) {
    throw std::invalid_argument("the address of the Pushgateway is not a URL");
  }
  if (const std::string scheme = part_of(url, CURLUPART_SCHEME); scheme != "http" && scheme != "https") {
    throw std::invalid_argument("the address of the Pushgateway is neither http nor https");
  }
  if (!part_of(url, CURLUPART_QUERY).empty() || !part_of(url, CURLUPART_FRAGMENT).empty()) {
    throw std::invalid_argument("the address of the Pushgateway has a query or a fragment");
  }
  if (options.user.empty()) {
    options.user = part_of(url, CURLUPART_USER, CURLU_URLDECODE);
    options.password = part_of(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
  }
  curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
  std::string bare = part_of(url, CURLUPART_URL);
  while (bare.ends_with('/')) bare.pop_back();
  return bare;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      absl::StrAppend(&encoded, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return encoded;
}

// The pair as two parts of a path. A value that a path cannot hold, or that a server would tidy away, is written as
// Pushgateway's README says: in base64 of the URL's kind, and the empty one as "=".
std::string path_of(std::string_view name, std::string_view value) {
  if (value.empty()) return absl::StrCat("/", std::string(name), "@base64/=");
  if (value.find('/') != value.npos || value == "." || value == "..") {
    return absl::StrCat("/", std::string(name), "@base64/", absl::WebSafeBase64Escape(std::string(value)));
  }
  return absl::StrCat("/", std::string(name), "/", percent_encoded(value));
}

void check_utf8(std::string_view name, const std::string& value) {
  std::string valid = value;
  metrics::make_utf8(valid);
  if (valid != value) {
    throw std::invalid_argument(absl::StrCat("Pushgateway: the value of ", std::string(name), " is not UTF-8"));
  }
}

std::string path_of_group(const std::string& job, const std::vector<Pair>& grouping_key) {
  if (job.empty()) throw std::invalid_argument("Pushgateway: the job is empty");
  check_utf8("job", job);
  std::string path = absl::StrCat("/metrics", path_of("job", job));
  std::set<std::string> names = {"job"};
  for (const auto& [name, value] : grouping_key) {
    if (!metrics::is_classic_label_name(name) || name.starts_with("__")) {
      throw std::invalid_argument(absl::StrCat("Pushgateway: \"", absl::CHexEscape(name),
                                               "\" of the grouping key is not a label name: [a-zA-Z_][a-zA-Z0-9_]*, "
                                               "not beginning with __"));
    }
    if (!names.insert(name).second) {
      throw std::invalid_argument(absl::StrCat("Pushgateway: \"", name, "\" comes twice in the grouping key"));
    }
    check_utf8(name, value);
    path += path_of(name, value);
  }
  return path;
}

void check_headers(const std::vector<Pair>& headers) {
  for (const auto& [name, value] : headers) {
    const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return absl::ascii_isalnum(c) ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!is_token) throw std::invalid_argument("Pushgateway: the name of a header is not a token");
    if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return absl::ascii_iscntrl(c) && c != '\t'; })) {
      throw std::invalid_argument(absl::StrCat("Pushgateway: the header ", name, " has a control character in it"));
    }
  }
}

// One request in curl's terms and what is kept of the answer. curl holds pointers to it.
class Exchange {
 public:
  Exchange(const char* method, const std::string& url, const PushGatewayOptions& options) : easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);  // signals are the process's, not those of one thread
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    set(CURLOPT_ERRORBUFFER, detail_.data());
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_CUSTOMREQUEST, method);
    if (!options.user.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, options.user.c_str());
      set(CURLOPT_PASSWORD, options.password.c_str());
    }
    add_header("Expect:");  // curl's own would delay the page by a round trip
    for (const auto& [name, value] : options.headers) {
      add_header(value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
    }
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // `body` outlives the exchange.
  void set_body(const std::string& content_type, const std::string& body) {
    add_header(absl::StrCat("Content-Type: ", content_type));
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
  }

  // Throws PushError unless the answer is a success.
  void perform(const std::string& request) {
    set(CURLOPT_HTTPHEADER, headers_.get());
    const CURLcode result = curl_easy_perform(easy_.get());
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK && !head_complete_) {  // libcurl 7.88 takes it
      throw PushError(std::make_error_code(std::errc::io_error), 0,
                      absl::StrCat(request, ": the answer ends within its header"));
    }
    if (result != CURLE_OK) {
      const std::error_code code = code_of(result);
      throw PushError(code, 0,
                      absl::StrCat(request, ": ", code.message(), ": ",
                                   detail_[0] != '\0' ? detail_.data() : curl_easy_strerror(result)));
    }
    if (status < 200 || status > 299) {
      // As in "400 Bad Request: what the gateway says".
      const std::string words = one_line(answer_);
      throw PushError(std::make_error_code(std::errc::protocol_error), static_cast<int>(status),
                      absl::StrCat(request, ": ", status, reason_phrase_.empty() ? "" : " ", reason_phrase_,
                                   words.empty() ? "" : ": ", words));
    }
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    static_assert(!std::is_integral_v<T> || std::is_same_v<T, long> || std::is_same_v<T, curl_off_t>);  // varargs
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (code != CURLE_OK) throw std::runtime_error(absl::StrCat("libcurl: ", curl_easy_strerror(code)));
  }

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());  // now part of `longer`
    headers_.reset(longer);
  }

  std::error_code code_of(CURLcode result) const {
    if (result == CURLE_OPERATION_TIMEDOUT) return std::make_error_code(std::errc::timed_out);
    long os_errno = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_errno);
    if (os_errno != 0) return {static_cast<int>(os_errno), std::generic_category()};
    return std::make_error_code(std::errc::io_error);
  }

  static std::string one_line(std::string text) {
    for (char& c : text) c = absl::ascii_iscntrl(static_cast<unsigned char>(c)) ? ' ' : c;
    absl::StripAsciiWhitespace(&text);
    return text;
  }

  // "HTTP/1.1 400 Bad Request": what stands behind the status. The last one counts: an interim answer may come before.
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto* exchange = static_cast<Exchange*>(self);
    const std::string_view line(data, size);
    if (line == "\r\n" || line == "\n") exchange->head_complete_ = true;
    if (!line.starts_with("HTTP/")) return size;
    exchange->head_complete_ = false;
    const std::size_t status = line.find(' ');
    const std::size_t phrase = status == line.npos ? line.npos : line.find(' ', status + 1);
    try {
      exchange->reason_phrase_ = phrase == line.npos ? "" : one_line(std::string(line.substr(phrase, kKeptOfAnswer)));
    } catch (const std::bad_alloc&) {
      return 0;
    }
    return size;
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    std::string& answer = static_cast<Exchange*>(self)->answer_;
    try {
      answer.append(data, std::min(size, kKeptOfAnswer - answer.size()));
    } catch (const std::bad_alloc&) {
      return 0;
    }
    return size;
  }

  Easy easy_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::string reason_phrase_;
  std::string answer_;
  bool head_complete_ = false;
};

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error(absl::StrCat("libcurl: ", curl_easy_strerror(started)));
}

}  // namespace

PushGateway::PushGateway(std::string_view url, std::string_view job, PushGatewayOptions options)
    : options_(std::move(options)) {
  start_curl();
  if (options_.timeout <= options_.timeout.zero()) {
    throw std::invalid_argument("Pushgateway: the timeout is not positive");
  }
  if (options_.format.syntax == Syntax::kOpenMetrics) {
    throw std::invalid_argument("Pushgateway: it reads text and protobuf, not OpenMetrics");
  }
  check_headers(options_.headers);
  url_ = parse_url(url, options_);
  url_ += path_of_group(std::string(job), options_.grouping_key);
}

void PushGateway::push(const metrics::Registry& registry) const {
  const Page page = render(registry, options_.format);
  perform("PUT", page.content_type, page.body);
}

void PushGateway::push_add(const metrics::Registry& registry) const {
  const Page page = render(registry, options_.format);
  perform("POST", page.content_type, page.body);
}

void PushGateway::delete_group() const { perform("DELETE", "", ""); }

void PushGateway::perform(const char* method, const std::string& content_type, const std::string& body) const {
  Exchange exchange(method, url_, options_);
  if (!content_type.empty()) exchange.set_body(content_type, body);
  exchange.perform(absl::StrCat(method, " ", url_));
}

}  // namespace prometheus_async::exposition
