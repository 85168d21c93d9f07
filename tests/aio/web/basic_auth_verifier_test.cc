// SPDX-License-Identifier: Apache-2.0

#include "aio/web/basic_auth_verifier.h"

#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "tests/testing/error_of.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::error_of;

// "alpha" and "beta", at the lowest cost.
constexpr char kAlpha[] = "$2b$04$abcdefghijklmnopqrstuumI1j9xJ4nLZuC0bcNntAKeAUIKg94di";
constexpr char kBeta[] = "$2b$04$abcdefghijklmnopqrstuu.9KFyR/0UvxStcSSti4azbT5Q7IHr1.";

class Verifier : public ::testing::Test {
 protected:
  BasicAuthVerifier verifier_{{{"alice", kAlpha}, {"bob", kBeta}}};
};

TEST_F(Verifier, KnowsEachUsersPassword) {
  EXPECT_TRUE(verifier_.check("alice", "alpha"));
  EXPECT_TRUE(verifier_.check("bob", "beta"));
  EXPECT_FALSE(verifier_.check("alice", "beta"));
  EXPECT_FALSE(verifier_.check("alice", ""));
  EXPECT_FALSE(verifier_.check("", ""));
}

TEST_F(Verifier, LetsNobodyInWhomItDoesNotKnow) {
  EXPECT_FALSE(verifier_.check("carol", "alpha"));
  EXPECT_FALSE(verifier_.check("Alice", "alpha"));
  EXPECT_FALSE(verifier_.check(std::string("alice\0", 6), "alpha"));
}

TEST_F(Verifier, RemembersWhatItFound) {
  EXPECT_EQ(verifier_.recall("alice", "alpha"), std::nullopt);
  verifier_.check("alice", "alpha");
  verifier_.check("alice", "wrong");
  verifier_.check("carol", "alpha");
  EXPECT_EQ(verifier_.recall("alice", "alpha"), true);
  EXPECT_EQ(verifier_.recall("alice", "wrong"), false);
  EXPECT_EQ(verifier_.recall("carol", "alpha"), false);
  EXPECT_EQ(verifier_.recall("bob", "alpha"), std::nullopt);
}

// CVE-2022-46146: a result is another's if the parts of its key can be shifted.
TEST_F(Verifier, TellsPairsApartHoweverTheyAreSplit) {
  std::set<BasicAuthVerifier::Digest> digests;
  const std::string hash(kAlpha);
  digests.insert(verifier_.digest("alice", "alpha"));
  digests.insert(verifier_.digest("alic", "ealpha"));
  digests.insert(verifier_.digest("alicealpha", ""));
  digests.insert(verifier_.digest("", "alicealpha"));
  digests.insert(verifier_.digest("alice" + hash, "alpha"));
  digests.insert(verifier_.digest("alice", hash + "alpha"));
  digests.insert(verifier_.digest("alice:" + hash + ":alpha", ""));
  digests.insert(verifier_.digest(std::string("alice\0", 6), "alpha"));
  EXPECT_EQ(digests.size(), 8u);
}

TEST_F(Verifier, DigestsDifferFromRunToRun) {
  const BasicAuthVerifier other({{"alice", kAlpha}, {"bob", kBeta}});
  EXPECT_NE(verifier_.digest("alice", "alpha"), other.digest("alice", "alpha"));
}

TEST_F(Verifier, Remembers100OfAKind) {
  for (int i = 0; i < 100; ++i) verifier_.check("alice", std::to_string(i));
  EXPECT_EQ(verifier_.recall("alice", "0"), false);  // and is the latest used
  EXPECT_EQ(verifier_.recall("alice", "99"), false);
  verifier_.check("alice", "100");
  EXPECT_EQ(verifier_.recall("alice", "0"), false);
  EXPECT_EQ(verifier_.recall("alice", "1"), std::nullopt);
  EXPECT_EQ(verifier_.recall("alice", "2"), false);
}

TEST_F(Verifier, WrongPasswordsPushNoRightOneOut) {
  verifier_.check("alice", "alpha");
  for (int i = 0; i < 150; ++i) verifier_.check("alice", std::to_string(i));
  EXPECT_EQ(verifier_.recall("alice", "alpha"), true);
}

TEST(BasicAuthVerifier, WithoutUsersLetsNobodyIn) {
  BasicAuthVerifier verifier({});
  EXPECT_FALSE(verifier.check("", ""));
  EXPECT_FALSE(verifier.check("alice", "alpha"));
}

TEST(BasicAuthVerifier, NamesTheUserWhoseHashIsMalformed) {
  const auto refusal = [](const BasicAuthUsers& users) {
    return error_of<std::invalid_argument>([&] { const BasicAuthVerifier verifier(users); });
  };
  EXPECT_EQ(refusal({{"alice", kAlpha}, {"bob", "beta"}}),
            "user \"bob\": hashedSecret too short to be a bcrypted password");
  EXPECT_EQ(refusal({{"a:b", kAlpha}}), "user \"a:b\": a name has no colon");
}

}  // namespace
}  // namespace prometheus_async::aio::web
