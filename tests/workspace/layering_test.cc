// SPDX-License-Identifier: Apache-2.0
// The layers of docs/design.md, held against what Bazel says that the targets depend on.

#include <fstream>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

using testing::Contains;
using testing::IsSubsetOf;
using testing::IsSupersetOf;
using testing::Not;

std::set<std::string> read_labels(const std::string& name) {
  std::ifstream file("tests/workspace/" + name);
  EXPECT_TRUE(file) << name;
  std::set<std::string> labels;
  for (std::string label; std::getline(file, label);) labels.insert(label.substr(label.find_first_not_of('@')));
  return labels;
}

// Of the labels of a layer: the folders of this repository, and the other repositories by the name that both a
// WORKSPACE and a module have for them (a module's continues with a mark and a version).
struct Closure {
  explicit Closure(const std::string& layer) {
    for (const std::string& label : read_labels(layer + "_closure")) {
      if (label.starts_with("//")) {
        folders.insert(label.substr(2, label.find(':') - 2));
      } else {
        repositories.insert(label.substr(0, label.find_first_of("~+/")));
      }
    }
  }
  std::set<std::string> folders;
  std::set<std::string> repositories;
};

const std::set<std::string> kMetrics = {"metrics", "metrics/internal"};

std::set<std::string> operator+(std::set<std::string> a, const std::set<std::string>& b) {
  a.insert(b.begin(), b.end());
  return a;
}

TEST(Layering, MetricsKnowNothingOfAsioHttpOrCurl) {
  const Closure closure("metrics");
  EXPECT_THAT(closure.folders, IsSubsetOf(kMetrics));
  EXPECT_THAT(closure.folders, Contains("metrics"));
  for (const char* repository : {"boost.asio", "boost.beast", "curl", "openssl"}) {
    EXPECT_THAT(closure.repositories, Not(Contains(repository)));
  }
}

TEST(Layering, ExpositionKnowsMetricsAlone) {
  const Closure closure("exposition");
  EXPECT_THAT(closure.folders, IsSubsetOf(kMetrics + std::set<std::string>{"exposition", "exposition/internal"}));
  EXPECT_THAT(closure.folders, IsSupersetOf({"exposition", "metrics"}));
  for (const char* repository : {"boost.asio", "boost.beast", "curl", "openssl"}) {
    EXPECT_THAT(closure.repositories, Not(Contains(repository)));
  }
}

// An endpoint is a value: no server is seen.
TEST(Layering, DiscoveryKnowsNoServer) {
  const Closure closure("sd");
  EXPECT_THAT(closure.folders, IsSubsetOf(kMetrics + std::set<std::string>{"sd", "sd/internal"}));
  EXPECT_THAT(closure.repositories, IsSupersetOf({"boost.asio", "curl"}));
  EXPECT_THAT(closure.repositories, Not(Contains("boost.beast")));
}

TEST(Layering, WrappersKnowMetricsAlone) {
  const Closure closure("aio");
  EXPECT_THAT(closure.folders, IsSubsetOf(kMetrics + std::set<std::string>{"aio", "aio/internal"}));
  EXPECT_THAT(closure.repositories, Contains("boost.asio"));
  EXPECT_THAT(closure.repositories, Not(Contains("boost.beast")));
}

TEST(Layering, HttpKnowsNoSocketAndNoApplication) {
  EXPECT_THAT(Closure("http").folders, IsSubsetOf(kMetrics + std::set<std::string>{"aio/http"}));
}

// The HTTP engine, which the servers of aio/web and of tx/web share, knows neither.
TEST(Layering, NetKnowsHttpAndNoApplication) {
  const Closure closure("net");
  EXPECT_THAT(closure.folders, IsSubsetOf(kMetrics + std::set<std::string>{"aio/http", "aio/net", "third_party"}));
  EXPECT_THAT(closure.folders, IsSupersetOf({"aio/http", "aio/net"}));
}

// A Deferred and its wrappers: no loop, no socket.
TEST(Layering, DeferredsKnowMetricsAlone) {
  const Closure closure("tx_time");
  EXPECT_THAT(closure.folders, IsSubsetOf(kMetrics + std::set<std::string>{"tx", "tx/internal"}));
  for (const char* repository : {"boost.asio", "boost.beast", "curl", "openssl"}) {
    EXPECT_THAT(closure.repositories, Not(Contains(repository)));
  }
}

// The reactor listens on the transport that aio/web has; of its twin's wrappers and of discovery it knows nothing.
TEST(Layering, TxKnowsTheTransportAndNotItsTwin) {
  const Closure closure("tx");
  EXPECT_THAT(closure.folders,
              IsSubsetOf(kMetrics + std::set<std::string>{"aio/http", "aio/net", "tx", "tx/internal"}));
}

// Everything below it but its twin.
TEST(Layering, TxWebKnowsTheTransportAndNotAioWeb) {
  const Closure closure("tx_web");
  EXPECT_THAT(closure.folders, IsSupersetOf({"aio/http", "aio/net", "exposition", "metrics", "tx", "tx/web"}));
  EXPECT_THAT(closure.folders, Not(Contains("aio/web")));
}

// Of everything below it; of tx and the services, nothing.
TEST(Layering, WebKnowsWhatIsBelow) {
  const Closure closure("web");
  EXPECT_THAT(closure.folders, IsSupersetOf({"aio/http", "aio/net", "aio/web", "exposition", "metrics", "sd"}));
  for (const std::string& folder : closure.folders) {
    EXPECT_FALSE(folder.starts_with("tx") || folder.starts_with("services") || folder.starts_with("tests")) << folder;
  }
}

// Beast is a peer in benchmarks and a client in tests.
TEST(Layering, NobodyKnowsBeast) {
  for (const char* target : {"web", "tx_web"}) {
    EXPECT_THAT(Closure(target).repositories, Not(Contains("boost.beast"))) << target;
  }
}

// Which is for who reads a web configuration file: //aio/web:web_config.
TEST(Layering, TheWebsDoWithoutYaml) {
  for (const char* target : {"web", "tx_web"}) {
    EXPECT_THAT(Closure(target).repositories, Not(Contains("yaml-cpp"))) << target;
  }
}

}  // namespace
