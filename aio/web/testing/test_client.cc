// SPDX-License-Identifier: Apache-2.0

#include "aio/web/testing/test_client.h"

#include <cstddef>
#include <new>
#include <stdexcept>
#include <utility>

#include <curl/curl.h>

namespace prometheus_async::aio::web::testing {
namespace {

constexpr long kSecondsOfSilence = 20;

std::size_t on_body(char* data, std::size_t, std::size_t size, void* response) {
  static_cast<ClientResponse*>(response)->body.append(data, size);
  return size;
}

// A line of a head. Of several heads, as after 100 Continue, the last counts.
std::size_t on_header(char* data, std::size_t, std::size_t size, void* context) {
  ClientResponse& response = *static_cast<ClientResponse*>(context);
  std::string_view line(data, size);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    response.headers.clear();
  } else if (colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    response.headers.add(line.substr(0, colon), value);
  }
  return size;
}

struct FreeList {
  void operator()(::curl_slist* list) const { ::curl_slist_free_all(list); }
};
using List = std::unique_ptr<::curl_slist, FreeList>;

void append(List& list, const std::string& line) {
  ::curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

std::string origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) throw std::invalid_argument("no URL: \"" + std::string(url) + "\"");
  return std::string(url.substr(0, url.find('/', scheme + 3)));
}

}  // namespace

struct TestClient::Impl {
  Impl(std::string url, Options client_options) : origin(std::move(url)), options(std::move(client_options)) {
    if (curl == nullptr) throw std::bad_alloc();
  }
  ~Impl() { ::curl_easy_cleanup(curl); }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  template <class T>
  void set(::CURLoption option, T value) {
    check(::curl_easy_setopt(curl, option, value), "");
  }

  void check(::CURLcode code, const std::string& what) {
    if (code != CURLE_OK) throw std::runtime_error(what + ::curl_easy_strerror(code));
  }

  const std::string origin;
  const Options options;
  ::CURL* const curl = ::curl_easy_init();
};

TestClient::TestClient(std::string_view url, const Options& options)
    : impl_(std::make_unique<Impl>(origin_of(url), options)) {}
TestClient::~TestClient() = default;

ClientResponse TestClient::request(const std::string& method, std::string_view target, std::string_view body,
                                   const http::Headers& headers) {
  Impl& impl = *impl_;
  const std::string url = impl.origin + std::string(target);
  List fields;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    append(fields, std::string(headers[i].name) + ": " + std::string(headers[i].value));
  }
  if (!headers.contains("Expect")) append(fields, "Expect:");
  ClientResponse response;

  ::curl_easy_reset(impl.curl);  // keeps connections
  impl.set(CURLOPT_URL, url.c_str());
  impl.set(CURLOPT_PATH_AS_IS, 1L);
  impl.set(CURLOPT_PROXY, "");
  impl.set(CURLOPT_NOSIGNAL, 1L);
  impl.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  impl.set(CURLOPT_LOW_SPEED_TIME, kSecondsOfSilence);
  impl.set(CURLOPT_CONNECTTIMEOUT, kSecondsOfSilence);
  impl.set(CURLOPT_HTTPHEADER, fields.get());
  impl.set(CURLOPT_WRITEFUNCTION, &on_body);
  impl.set(CURLOPT_WRITEDATA, &response);
  impl.set(CURLOPT_HEADERFUNCTION, &on_header);
  impl.set(CURLOPT_HEADERDATA, &response);
  if (method == "HEAD") {
    impl.set(CURLOPT_NOBODY, 1L);
  } else {
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
      impl.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<::curl_off_t>(body.size()));
      impl.set(CURLOPT_POSTFIELDS, body.data() == nullptr ? "" : body.data());
    }
    impl.set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  if (!impl.options.ca.empty()) {
    ::curl_blob ca{const_cast<char*>(impl.options.ca.data()), impl.options.ca.size(), CURL_BLOB_COPY};
    impl.set(CURLOPT_CAINFO_BLOB, &ca);
  }
  impl.check(::curl_easy_perform(impl.curl), method + " " + url + ": ");
  long status = 0;
  ::curl_easy_getinfo(impl.curl, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

}  // namespace prometheus_async::aio::web::testing
