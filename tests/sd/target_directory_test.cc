// SPDX-License-Identifier: Apache-2.0
#include "sd/target_directory.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/error_of.h"
#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;

std::vector<std::string> targets(const sd::TargetDirectory& directory) {
  std::vector<std::string> all;
  for (const sd::TargetGroup& group : directory.groups()) {
    all.insert(all.end(), group.targets.begin(), group.targets.end());
  }
  return all;
}

class TargetDirectory : public ::testing::Test {
 protected:
  sd::Deregister enroll(const sd::ServiceDiscovery& discovery, std::uint16_t port) {
    return run(context_, discovery.enroll({.address = "10.0.0.5", .port = port}));
  }

  asio::io_context context_;
};

TEST_F(TargetDirectory, ListsWhoHasEnrolledInOrder) {
  const sd::TargetDirectory directory;
  EXPECT_THAT(directory.groups(), IsEmpty());
  const sd::ServiceDiscovery discovery = directory;  // a copy of the same list
  const sd::Deregister first = enroll(discovery, 2);
  const sd::Deregister second = enroll(discovery, 1);
  EXPECT_THAT(targets(directory), ElementsAre("10.0.0.5:2", "10.0.0.5:1"));
  EXPECT_TRUE(first.is_registered());

  run(context_, first());
  EXPECT_THAT(targets(directory), ElementsAre("10.0.0.5:1"));
  EXPECT_FALSE(first.is_registered());
  EXPECT_TRUE(second.is_registered());
  EXPECT_NO_THROW(run(context_, first()));
  EXPECT_THAT(targets(directory), ElementsAre("10.0.0.5:1"));
}

TEST_F(TargetDirectory, ForgetsAServerWhoseDeregisterIsGone) {
  const sd::TargetDirectory directory;
  sd::Deregister deregister = enroll(directory, 1);
  sd::Deregister copy = deregister;
  deregister = nullptr;
  EXPECT_THAT(targets(directory), ElementsAre("10.0.0.5:1"));
  copy = nullptr;
  EXPECT_THAT(targets(directory), IsEmpty());
}

TEST_F(TargetDirectory, PutsItsLabelsAndAddressOnEach) {
  const sd::TargetDirectory directory({.advertise_address = "m.example", .labels = {{"team", "pay"}}});
  const sd::Deregister deregister = enroll(directory, 1);
  const sd::TargetGroup group = directory.groups().at(0);
  EXPECT_THAT(group.targets, ElementsAre("m.example:1"));
  EXPECT_EQ(group.labels.at("team"), "pay");
}

TEST_F(TargetDirectory, RefusesBadOptionsAndEndpoints) {
  EXPECT_THAT(testing::error_of<std::invalid_argument>([] { sd::TargetDirectory({.labels = {{"a-b", ""}}}); }),
              HasSubstr("'a-b'"));
  EXPECT_THAT(testing::error_of<std::invalid_argument>([] { sd::TargetDirectory({.advertise_address = "::"}); }),
              HasSubstr("advertise_address '::'"));
  const sd::TargetDirectory directory;
  EXPECT_THROW(enroll(directory, 0), std::invalid_argument);
  EXPECT_THAT(directory.groups(), IsEmpty());
}

// Servers of several threads come and go while others look.
TEST_F(TargetDirectory, IsForAnyThread) {
  const sd::TargetDirectory directory;
  std::vector<std::jthread> threads;
  for (std::uint16_t port = 1; port <= 3; ++port) {
    threads.emplace_back([&directory, port] {
      asio::io_context context;
      for (int i = 0; i < 200; ++i) {
        const sd::Deregister deregister = run(context, directory.enroll({.address = "::1", .port = port}));
        EXPECT_THAT(targets(directory), ::testing::Contains("[::1]:" + std::to_string(port)));
        run(context, deregister());
      }
    });
  }
  threads.clear();
  EXPECT_THAT(directory.groups(), IsEmpty());
}

}  // namespace
}  // namespace prometheus_async
