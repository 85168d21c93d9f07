// SPDX-License-Identifier: Apache-2.0
#include "sd/file_discovery.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/error_of.h"
#include "tests/testing/run.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;
using testing::start;

class FileDiscovery : public ::testing::Test {
 protected:
  sd::Deregister enroll(sd::FileDiscoveryOptions options,
                        const sd::Endpoint& endpoint = {.address = "10.0.0.5", .port = 9100}) {
    if (options.folder.empty()) options.folder = folder_.path();
    const sd::FileDiscovery discovery(std::move(options));
    return run(context_, discovery.enroll(endpoint));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_.path())) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string content(const std::string& name) const {
    std::ifstream file(folder_.path_of(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Of this process, now.
  static std::size_t threads() {
    const fs::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
  }
  // Until no more than `before` run, and there is no file. One of before may have ended meanwhile.
  bool is_tidy_soon(std::size_t before) {
    const auto work = asio::make_work_guard(context_);
    return testing::run_until(context_, [&] { return threads() <= before && names().empty(); });
  }

  asio::io_context context_;
  const testing::TemporaryFolder folder_;
};

TEST_F(FileDiscovery, WritesAFileOfItsOwnAndRemovesIt) {
  const sd::Deregister deregister = enroll({.id = "checkout-1", .labels = {{"team", "pay"}}});
  EXPECT_THAT(names(), ElementsAre("checkout-1.json"));
  EXPECT_EQ(content("checkout-1.json"),
            R"([{"targets":["10.0.0.5:9100"],"labels":{"__metrics_path__":"/metrics","__scheme__":"http",)"
            R"("team":"pay"}}])"
            "\n");
  EXPECT_TRUE(deregister.is_registered());
  run(context_, deregister());
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_FALSE(deregister.is_registered());
  EXPECT_NO_THROW(run(context_, deregister()));
}

TEST_F(FileDiscovery, NamesTheFileForHostAndPort) {
  const std::string host = asio::ip::host_name();
  const sd::Deregister a = enroll({});
  EXPECT_THAT(names(), ElementsAre("10.0.0.5-9100.json"));
  const sd::Deregister b = enroll({.advertise_address = "m.example"});
  const sd::Deregister c = enroll({}, {.address = "2001:db8::1", .port = 1});
  const sd::Deregister d = enroll({}, {.address = "::", .port = 1});
  std::vector<std::string> expected{"10.0.0.5-9100.json", "m.example-9100.json", "2001_db8__1-1.json",
                                    host + "-1.json"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(names(), expected);
  EXPECT_THAT(content(host + "-1.json"), HasSubstr("[\"" + host + ":1\"]"));
}

TEST_F(FileDiscovery, ReplacesWhatACrashHasLeft) {
  folder_.write("a.json", "[{\"targets\": [\"gone");
  const sd::Deregister deregister = enroll({.id = "a"});
  EXPECT_THAT(names(), ElementsAre("a.json"));
  EXPECT_THAT(content("a.json"), HasSubstr("10.0.0.5:9100"));
}

// Of two servers with one ID, as a rolling restart has them, the first to go leaves the other's file.
TEST_F(FileDiscovery, LeavesTheFileOfAnotherAlone) {
  const sd::Deregister before = enroll({.id = "a"});
  const sd::Deregister after = enroll({.id = "a"}, {.address = "10.0.0.6", .port = 9100});
  EXPECT_FALSE(before.is_registered());
  EXPECT_TRUE(after.is_registered());
  run(context_, before());
  EXPECT_THAT(content("a.json"), HasSubstr("10.0.0.6"));
  EXPECT_TRUE(after.is_registered());
  run(context_, after());
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(FileDiscovery, AFileThatIsGoneIsNoError) {
  const sd::Deregister deregister = enroll({.id = "a"});
  folder_.remove("a.json");
  EXPECT_FALSE(deregister.is_registered());
  EXPECT_NO_THROW(run(context_, deregister()));

  const std::string folder = folder_.path_of("targets");
  fs::create_directory(folder);
  const sd::Deregister other = enroll({.folder = folder});
  fs::remove_all(folder);
  EXPECT_NO_THROW(run(context_, other()));
}

TEST_F(FileDiscovery, WithoutDeregisteringTheFileStays) {
  enroll({.id = "a"});
  EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(FileDiscovery, MayBeReadByOthersUnderTheUmask) {
  const mode_t before = ::umask(0022);
  const sd::Deregister a = enroll({.id = "a"});
  ::umask(0027);
  const sd::Deregister b = enroll({.id = "b"});
  ::umask(before);
  EXPECT_EQ(fs::status(folder_.path_of("a.json")).permissions(), fs::perms{0644});
  EXPECT_EQ(fs::status(folder_.path_of("b.json")).permissions(), fs::perms{0640});
}

TEST_F(FileDiscovery, AFailureNamesFileAndReasonAndLeavesNothing) {
  const std::string missing = folder_.path_of("missing");
  EXPECT_THAT(error_of<std::system_error>([&] { enroll({.folder = missing, .id = "a"}); }),
              AllOf(HasSubstr(missing + "/a.json: cannot open its folder"), HasSubstr("No such file or directory")));

  fs::create_directory(folder_.path_of("a.json"));
  EXPECT_THAT(error_of<std::system_error>([&] { enroll({.id = "a"}); }),
              AllOf(HasSubstr(folder_.path_of("a.json") + ": cannot rename to it"), HasSubstr("Is a directory")));
  EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(FileDiscovery, ChecksIdsAsFileNames) {
  const std::string rule = "[A-Za-z0-9._-]";
  for (const std::string& bad : {std::string(201, 'a'), std::string(".a"), std::string("."), std::string("a/b"),
                                 std::string("a b"), std::string("a*"), std::string("a:b"), std::string("\xc3\xa9")}) {
    EXPECT_THAT(error_of<std::invalid_argument>([&] { sd::FileDiscovery({.folder = "/x", .id = bad}); }),
                AllOf(HasSubstr("'" + bad + "'"), HasSubstr(rule)));
  }
  for (const std::string& good : {std::string(199, 'a'), std::string(200, 'a'), std::string("A-z.0_")}) {
    const sd::Deregister deregister = enroll({.id = good});
    EXPECT_THAT(names(), ElementsAre(good + ".json"));
    run(context_, deregister());
  }
}

TEST_F(FileDiscovery, RefusesBadOptionsAndEndpoints) {
  EXPECT_THAT(error_of<std::invalid_argument>([] { sd::FileDiscovery({}); }), HasSubstr("folder"));
  EXPECT_THAT(error_of<std::invalid_argument>([] { sd::FileDiscovery({.folder = "/x", .labels = {{"a-b", ""}}}); }),
              HasSubstr("'a-b'"));
  EXPECT_THAT(error_of<std::invalid_argument>([] { sd::FileDiscovery({.folder = "/x", .advertise_address = "::"}); }),
              HasSubstr("advertise_address '::'"));
  EXPECT_THROW(enroll({}, {.address = "10.0.0.5", .port = 0}), std::invalid_argument);
  // An ID made of a name that is too long.
  EXPECT_THAT(error_of<std::invalid_argument>([&] { enroll({.advertise_address = std::string(200, 'h')}); }),
              HasSubstr("200 characters"));
  EXPECT_THAT(names(), IsEmpty());
}

// The awaitable needs neither the discovery nor the endpoint that it was made from, and the Deregister nothing at all.
TEST_F(FileDiscovery, OutlivesNothing) {
  std::optional<sd::FileDiscovery> discovery(sd::FileDiscoveryOptions{.folder = folder_.path()});
  asio::awaitable<sd::Deregister> enrolling = discovery->enroll({.address = "10.0.0.5", .port = 9100});
  discovery.reset();
  sd::Deregister deregister = run(context_, std::move(enrolling));
  asio::awaitable<void> leaving = deregister();
  deregister = nullptr;
  run(context_, std::move(leaving));
  EXPECT_THAT(names(), IsEmpty());
}

// Whenever it is cancelled: once the thread is done there is no file, unless enrolling has said so.
TEST_F(FileDiscovery, ACancelledEnrolmentLeavesNoFile) {
  const std::size_t before = threads();
  const sd::FileDiscovery discovery({.folder = folder_.path(), .id = "a"});
  for (int turns = 0; turns < 8; ++turns) {
    const auto pending = start(context_, discovery.enroll({.address = "10.0.0.5", .port = 9100}));
    for (int turn = 0; turn < turns; ++turn) context_.poll();
    pending->cancel(asio::cancellation_type::terminal);
    try {
      const sd::Deregister deregister = testing::finish(context_, *pending);
      run(context_, deregister());
    } catch (const boost::system::system_error&) {
    }
    EXPECT_TRUE(is_tidy_soon(before));
  }
}

TEST_F(FileDiscovery, AnEnrolmentWhoseLoopIsGoneLeavesNoFile) {
  const std::size_t before = threads();
  for (int turns = 1; turns < 3; ++turns) {  // with the third it has heard of the file
    {
      asio::io_context context;
      const sd::FileDiscovery discovery({.folder = folder_.path(), .id = "a"});
      start(context, discovery.enroll({.address = "10.0.0.5", .port = 9100}));
      for (int turn = 0; turn < turns; ++turn) context.run_one();
    }
    EXPECT_TRUE(is_tidy_soon(before));
  }
}

TEST_F(FileDiscovery, ACancelledRemovalIsCarriedOut) {
  const std::size_t before = threads();
  const sd::Deregister deregister = enroll({.id = "a"});
  const auto pending = start(context_, deregister());
  context_.poll();
  pending->cancel(asio::cancellation_type::terminal);
  try {
    testing::finish(context_, *pending);
  } catch (const boost::system::system_error&) {
  }
  EXPECT_TRUE(is_tidy_soon(before));
  EXPECT_FALSE(deregister.is_registered());
}

}  // namespace
}  // namespace prometheus_async
