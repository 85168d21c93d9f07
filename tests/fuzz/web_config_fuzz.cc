// SPDX-License-Identifier: Apache-2.0
// Input: the text of a web configuration file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "aio/web/web_config.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace web = aio::web;

constexpr std::array<std::string_view, 5> kHeaders = {"Content-Security-Policy", "Strict-Transport-Security",
                                                      "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void check(const web::WebConfig& config) {
  if (config.tls) {
    require(!config.tls->cert_file.empty() || !config.tls->cert.empty(), "there is a certificate");
    require(!config.tls->key_file.empty() || !config.tls->key.empty(), "there is a key");
    require(config.tls->min_version <= config.tls->max_version, "there is a version of TLS");
  }
  require(config.headers.size() <= kHeaders.size(), "no header comes twice");
  for (std::size_t i = 0; i < config.headers.size(); ++i) {
    bool is_known = false;
    for (const std::string_view name : kHeaders) is_known |= config.headers[i].name == name;
    require(is_known, "a header is one of five");
    require(!config.headers[i].value.empty(), "a header is not blank");
    for (const char c : config.headers[i].value) require(!is_control(c) || c == '\t', "a header is one line");
  }
  for (const auto& [user, hash] : config.users) {
    require(user.find(':') == std::string::npos, "no user has a colon");
    require(hash.starts_with("$2"), "a password is a bcrypt hash");
  }
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace prometheus_async::fuzz;
  try {
    check(web::parse_web_config(as_text(data, size), "/etc/exporter"));
  } catch (const std::invalid_argument& error) {
    require(*error.what() != '\0', "a refusal says why");
  }
  return 0;
}
