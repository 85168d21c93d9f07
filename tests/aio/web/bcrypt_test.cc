// SPDX-License-Identifier: Apache-2.0

#include "aio/web/bcrypt.h"

#include <crypt.h>

#include <memory>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/error_of.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;

// "fakepassword"; of exporter-toolkit.
constexpr std::string_view kFakePassword = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

// At the lowest cost.
std::string hash(const std::string& password, const std::string& version = "$2b$") {
  const auto data = std::make_unique<crypt_data>();
  return ::crypt_rn(password.c_str(), (version + "04$abcdefghijklmnopqrstuu").c_str(), data.get(), sizeof *data);
}

std::string refusal(const std::string& hash) {
  return error_of<std::invalid_argument>([&] { bcrypt_cost(hash); });
}

TEST(Bcrypt, MatchesWhatOthersWrote) {
  EXPECT_TRUE(bcrypt_matches("fakepassword", kFakePassword));
  EXPECT_FALSE(bcrypt_matches("fakepasswore", kFakePassword));
  EXPECT_FALSE(bcrypt_matches("", kFakePassword));
}

TEST(Bcrypt, KnowsThreeVersions) {
  for (const char* version : {"$2a$", "$2b$", "$2y$"}) {
    EXPECT_TRUE(bcrypt_matches("secret", hash("secret", version))) << version;
    EXPECT_EQ(bcrypt_cost(hash("secret", version)), 4) << version;
  }
}

// crypt() would take what is before the NUL for all of it.
TEST(Bcrypt, APasswordWithANulMatchesNothing) {
  EXPECT_FALSE(bcrypt_matches(std::string("secret\0x", 8), hash("secret")));
  EXPECT_FALSE(bcrypt_matches(std::string("\0", 1), hash("")));
}

TEST(Bcrypt, LooksAtTheFirst72Bytes) {
  const std::string long_one(72, 'x');
  EXPECT_TRUE(bcrypt_matches(long_one + "y", hash(long_one)));
  EXPECT_FALSE(bcrypt_matches(long_one.substr(1), hash(long_one)));
}

TEST(Bcrypt, TakesPasswordsBelow512Bytes) {
  EXPECT_TRUE(bcrypt_matches(std::string(510, 'x'), hash(std::string(72, 'x'))));
  EXPECT_TRUE(bcrypt_matches(std::string(511, 'x'), hash(std::string(72, 'x'))));
  EXPECT_FALSE(bcrypt_matches(std::string(512, 'x'), hash(std::string(72, 'x'))));
}

// The last character of a salt has four bits to spare. Go's bcrypt takes such a hash, too.
TEST(Bcrypt, IgnoresTheSparesBitsOfASalt) {
  std::string odd = hash("secret");
  ASSERT_EQ(odd[28], 'u');
  odd[28] = 'v';
  EXPECT_TRUE(bcrypt_matches("secret", odd));
}

TEST(Bcrypt, MalformedHashesMatchNothing) {
  for (const std::string malformed :
       {"", "secret", "$1$abc$def", "$2x$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09Mlz"}) {
    EXPECT_FALSE(bcrypt_matches("secret", malformed)) << malformed;
  }
}

TEST(Bcrypt, ReadsTheCost) { EXPECT_EQ(bcrypt_cost(kFakePassword), 10); }

TEST(Bcrypt, SaysWhatIsWrongWithAHash) {
  const std::string good(kFakePassword);
  EXPECT_EQ(refusal(""), "hashedSecret too short to be a bcrypted password");
  EXPECT_EQ(refusal(good.substr(0, 59)), "hashedSecret too short to be a bcrypted password");
  EXPECT_EQ(refusal(good + "x"), "hashedSecret too long to be a bcrypted password");
  EXPECT_EQ(refusal("$2x$" + good.substr(4)), "bcrypt hashes must start with $2a$, $2b$ or $2y$");
  EXPECT_EQ(refusal("x" + good.substr(1)), "bcrypt hashes must start with $2a$, $2b$ or $2y$");
  EXPECT_EQ(refusal("$2y$1x" + good.substr(6)), "bcrypt hashes have a cost of two digits");
  EXPECT_EQ(refusal("$2y$10x" + good.substr(7)), "bcrypt hashes have a cost of two digits");
  EXPECT_EQ(refusal(good.substr(0, 59) + "!"), "bcrypt hashes have only letters, digits, . and /");
}

TEST(Bcrypt, CostsFrom4To31) {
  const std::string rest(kFakePassword.substr(6));
  EXPECT_EQ(refusal("$2y$03" + rest), "bcrypt cost 3 is outside allowed range (4,31)");
  EXPECT_EQ(bcrypt_cost("$2y$04" + rest), 4);
  EXPECT_EQ(bcrypt_cost("$2y$31" + rest), 31);
  EXPECT_EQ(refusal("$2y$32" + rest), "bcrypt cost 32 is outside allowed range (4,31)");
}

TEST(Bcrypt, DoesNotShowTheHash) { EXPECT_THAT(refusal("topsecret"), Not(HasSubstr("topsecret"))); }

}  // namespace
}  // namespace prometheus_async::aio::web
