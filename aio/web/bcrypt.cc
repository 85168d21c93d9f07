// SPDX-License-Identifier: Apache-2.0

#include "aio/web/bcrypt.h"

#include <crypt.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/crypto.h>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::web {
namespace {

// "$2b$10$", 22 characters of salt, 31 of the hash proper.
constexpr std::size_t kHashSize = 60;
constexpr std::size_t kDigestSize = 31;

bool is_base64_char(char c) {
  return http::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

}  // namespace

int bcrypt_cost(std::string_view hash) {
  // The words of Go's bcrypt, which exporter-toolkit shows.
  if (hash.size() < kHashSize) throw std::invalid_argument("hashedSecret too short to be a bcrypted password");
  if (hash.size() > kHashSize) throw std::invalid_argument("hashedSecret too long to be a bcrypted password");
  const std::string_view version = hash.substr(0, 4);
  if (version != "$2a$" && version != "$2b$" && version != "$2y$") {
    throw std::invalid_argument("bcrypt hashes must start with $2a$, $2b$ or $2y$");
  }
  if (!http::is_digits(hash.substr(4, 2)) || hash[6] != '$') {
    throw std::invalid_argument("bcrypt hashes have a cost of two digits");
  }
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < 4 || cost > 31) {
    throw std::invalid_argument("bcrypt cost " + std::to_string(cost) + " is outside allowed range (4,31)");
  }
  for (const char c : hash.substr(7)) {
    if (!is_base64_char(c)) throw std::invalid_argument("bcrypt hashes have only letters, digits, . and /");
  }
  return cost;
}

bool bcrypt_matches(std::string_view password, std::string_view hash) {
  if (hash.size() != kHashSize) return false;
  // A password that crypt() cannot take costs as much as one that it can.
  const bool is_possible = password.size() < CRYPT_MAX_PASSPHRASE_SIZE && password.find('\0') == std::string_view::npos;
  std::string phrase(is_possible ? password : "");
  const std::string setting(hash);
  const auto data = std::make_unique<crypt_data>();
  const char* const computed = ::crypt_rn(phrase.c_str(), setting.c_str(), data.get(), sizeof *data);
  OPENSSL_cleanse(phrase.data(), phrase.size());
  if (computed == nullptr || std::string_view(computed).size() != kHashSize) return false;
  // Without the salt: its last character has bits to spare, which crypt() clears and others set.
  const std::size_t begin = kHashSize - kDigestSize;
  return CRYPTO_memcmp(computed + begin, setting.data() + begin, kDigestSize) == 0 && is_possible;
}

}  // namespace prometheus_async::aio::web
