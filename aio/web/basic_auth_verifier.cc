// SPDX-License-Identifier: Apache-2.0

#include "aio/web/basic_auth_verifier.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "aio/web/bcrypt.h"

namespace prometheus_async::aio::web {
namespace {

constexpr int kDefaultCost = 10;  // the toolkit's dummy hash

void append(std::string& out, std::string_view part) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint64_t>(part.size()) >> shift & 0xff);
  }
  out += part;
}

}  // namespace

BasicAuthVerifier::BasicAuthVerifier(BasicAuthUsers users) : users_(std::move(users)) {
  int highest_cost = users_.empty() ? kDefaultCost : 0;
  for (const auto& [user, hash] : users_) {
    if (user.find(':') != std::string::npos) {
      throw std::invalid_argument("user \"" + user + "\": a name has no colon");
    }
    try {
      highest_cost = std::max(highest_cost, bcrypt_cost(hash));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("user \"" + user + "\": " + error.what());
    }
  }
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes");
  }
  // Nobody's password: its last characters are no hash of anything.
  dummy_hash_ = "$2b$" + std::string(highest_cost < 10 ? "0" : "") + std::to_string(highest_cost) + "$" +
                std::string(22, '.') + std::string(31, '.');
}

const std::string& BasicAuthVerifier::hash_of(std::string_view user) const {
  const auto found = users_.find(user);
  return found != users_.end() ? found->second : dummy_hash_;
}

BasicAuthVerifier::Digest BasicAuthVerifier::digest(std::string_view user, std::string_view password) const {
  std::string message;
  append(message, user);
  append(message, hash_of(user));
  append(message, password);
  Digest digest{};
  unsigned int size = digest.size();
  if (HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &size) == nullptr) {
    throw std::runtime_error("OpenSSL has no HMAC-SHA256");
  }
  OPENSSL_cleanse(message.data(), message.size());
  return digest;
}

bool BasicAuthVerifier::find(Memory& memory, const Digest& digest) {
  const auto found = std::find(memory.begin(), memory.end(), digest);
  if (found == memory.end()) return false;
  std::rotate(memory.begin(), found, found + 1);
  return true;
}

void BasicAuthVerifier::remember(Memory& memory, const Digest& digest) {
  if (find(memory, digest)) return;
  if (memory.size() == kMemory) memory.pop_back();
  memory.insert(memory.begin(), digest);
}

std::optional<bool> BasicAuthVerifier::recall(const Digest& digest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (find(accepted_, digest)) return true;
  if (find(refused_, digest)) return false;
  return std::nullopt;
}

bool BasicAuthVerifier::check(std::string_view user, std::string_view password) {
  const bool is_right = bcrypt_matches(password, hash_of(user)) && users_.find(user) != users_.end();
  const Digest found = digest(user, password);
  const std::lock_guard<std::mutex> lock(mutex_);
  remember(is_right ? accepted_ : refused_, found);
  return is_right;
}

}  // namespace prometheus_async::aio::web
