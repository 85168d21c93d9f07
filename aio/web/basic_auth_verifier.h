// SPDX-License-Identifier: Apache-2.0
//
// Says whether a password is a user's, in a way that tells nothing else.
//
//   const web::BasicAuthUsers users = {{"alice", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"}};
//   web::BasicAuthVerifier verifier(users);
//   verifier.check("alice", "fakepassword");   // true, after some 70 ms
//   verifier.recall("alice", "fakepassword");  // true, at once
#ifndef PROMETHEUS_ASYNC_AIO_WEB_BASIC_AUTH_VERIFIER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_BASIC_AUTH_VERIFIER_H_

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus_async::aio::web {

// Name -> bcrypt hash.
using BasicAuthUsers = std::map<std::string, std::string, std::less<>>;

// An unknown user takes as long as a known one whose hash has the highest cost among them: give all the same.
//
// Results are remembered under a keyed digest of user, hash and password, which the memory cannot be asked for. Those
// of right passwords and of wrong ones apart, so that wrong ones, however many, push no right one out.
//
// Threads: any. Semantics: exporter-toolkit's webHandler, but that the dummy hash of unknown users has a fixed cost
// there, which users of another cost can be told from, and that it has one memory for all results.
class BasicAuthVerifier {
 public:
  // Results of each kind that are remembered, the latest used.
  static constexpr std::size_t kMemory = 100;

  using Digest = std::array<unsigned char, 32>;

  // Throws std::invalid_argument that names the user and the rule for a malformed hash, and for a name with a colon,
  // which Basic authentication cannot carry.
  explicit BasicAuthVerifier(BasicAuthUsers users);

  // One result, by what it depends on. Different for any two of (user, password); meaningless outside of *this.
  Digest digest(std::string_view user, std::string_view password) const;

  // What check() has found before, if that is remembered. Some microseconds.
  std::optional<bool> recall(const Digest& digest);
  std::optional<bool> recall(std::string_view user, std::string_view password) {
    return recall(digest(user, password));
  }

  // Computes the answer with bcrypt, and remembers it. Slow on purpose.
  bool check(std::string_view user, std::string_view password);

  const BasicAuthUsers& users() const { return users_; }

 private:
  // The latest used first.
  using Memory = std::vector<Digest>;

  const std::string& hash_of(std::string_view user) const;
  static bool find(Memory& memory, const Digest& digest);
  static void remember(Memory& memory, const Digest& digest);

  const BasicAuthUsers users_;
  std::string dummy_hash_;
  Digest key_;

  std::mutex mutex_;  // guards what follows
  Memory accepted_;
  Memory refused_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_BASIC_AUTH_VERIFIER_H_
