// SPDX-License-Identifier: Apache-2.0
#include "sd/composite_discovery.h"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/error_of.h"
#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::run;
using testing::run_until;
using testing::start;

// Does what its name is told to, and writes it down.
struct Part {
  std::string name;
  std::vector<std::string>* events;
  bool enrol_fails = false;
  bool undo_fails = false;
  bool enrol_hangs = false;
  bool undo_hangs = false;
  bool* is_registered = nullptr;

  static asio::awaitable<void> hang() {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint&) {
    co_await asio::post(asio::use_awaitable);
    if (enrol_hangs) co_await hang();
    if (enrol_fails) throw std::domain_error(name + " is full");
    events->push_back("+" + name);
    if (is_registered == nullptr) co_return [this] { return undo(); };
    const bool* const answer = is_registered;
    sd::Deregister deregister([this] { return undo(); }, [answer] { return *answer; });
    co_return deregister;
  }

  asio::awaitable<void> undo() {
    events->push_back("~" + name);
    co_await asio::post(asio::use_awaitable);
    if (undo_hangs) co_await hang();
    if (undo_fails) throw std::range_error(name + " does not let go");
    events->push_back("-" + name);
  }
};

asio::awaitable<sd::Deregister> none(const sd::Endpoint&) { co_return nullptr; }

class Composite : public ::testing::Test {
 protected:
  Part part(std::string name) { return {.name = std::move(name), .events = &events_}; }
  sd::Deregister enroll(std::vector<sd::ServiceDiscovery> parts) {
    return run(context_, sd::composite(std::move(parts)).enroll(endpoint_));
  }

  asio::io_context context_;
  const sd::Endpoint endpoint_{.address = "127.0.0.1", .port = 9100};
  std::vector<std::string> events_;
};

TEST_F(Composite, EnrolsInOrderAndUndoesInReverse) {
  const sd::Deregister deregister = enroll({part("a"), part("b"), part("c")});
  EXPECT_THAT(events_, ElementsAre("+a", "+b", "+c"));
  EXPECT_TRUE(deregister.is_registered());
  events_.clear();
  run(context_, deregister());
  EXPECT_THAT(events_, ElementsAre("~c", "-c", "~b", "-b", "~a", "-a"));
}

// A class, a callable, none at all, and another composite.
TEST_F(Composite, TakesAnyDiscovery) {
  const auto callable = [this](const sd::Endpoint& endpoint) -> asio::awaitable<sd::Deregister> {
    events_.push_back("+" + endpoint.url());
    co_return nullptr;
  };
  const sd::Deregister deregister =
      enroll({callable, sd::ServiceDiscovery(), sd::composite({part("a"), &none}), part("b")});
  EXPECT_THAT(events_, ElementsAre("+http://127.0.0.1:9100/metrics", "+a", "+b"));
  events_.clear();
  run(context_, deregister());
  EXPECT_THAT(events_, ElementsAre("~b", "-b", "~a", "-a"));
}

TEST_F(Composite, IsEmptyIfNoneRegisters) {
  EXPECT_FALSE(enroll({}));
  EXPECT_FALSE(enroll({&none, sd::ServiceDiscovery(), &none}));
  EXPECT_FALSE(enroll({&none}).is_registered());
}

TEST_F(Composite, IsRegisteredWhileAllThatRegisteredAre) {
  bool is_a = true;
  bool is_b = true;
  Part a = part("a");
  a.is_registered = &is_a;
  Part b = part("b");
  b.is_registered = &is_b;
  const sd::Deregister deregister = enroll({a, &none, b});
  EXPECT_TRUE(deregister.is_registered());
  is_a = false;
  EXPECT_FALSE(deregister.is_registered());
  is_a = true;
  is_b = false;
  EXPECT_FALSE(deregister.is_registered());
  is_b = true;
  EXPECT_TRUE(deregister.is_registered());
}

TEST_F(Composite, AFailureUndoesThoseBeforeItAndIsThrownUnchanged) {
  Part bad = part("bad");
  bad.enrol_fails = true;
  const auto what = testing::error_of<std::domain_error>([&] { enroll({part("a"), part("b"), bad, part("c")}); });
  EXPECT_EQ(what, "bad is full");
  EXPECT_THAT(events_, ElementsAre("+a", "+b", "~b", "-b", "~a", "-a"));
}

TEST_F(Composite, AFailureOfUndoingDoesNotStopTheOthersAndIsToldAfterWhatLedToIt) {
  Part stubborn = part("b");
  stubborn.undo_fails = true;
  Part bad = part("bad");
  bad.enrol_fails = true;
  const auto what = testing::error_of<sd::CompositeError>([&] { enroll({part("a"), stubborn, bad}); });
  EXPECT_EQ(what, "bad is full; also: b does not let go");
  EXPECT_THAT(events_, ElementsAre("+a", "+b", "~b", "~a", "-a"));
}

TEST_F(Composite, DeregistersAllWhateverFails) {
  Part b = part("b");
  b.undo_fails = true;
  const sd::Deregister one = enroll({part("a"), b, part("c")});
  events_.clear();
  EXPECT_EQ(testing::error_of<std::range_error>([&] { run(context_, one()); }), "b does not let go");
  EXPECT_THAT(events_, ElementsAre("~c", "-c", "~b", "~a", "-a"));

  Part a = part("a");
  a.undo_fails = true;
  const sd::Deregister two = enroll({a, b});
  try {
    run(context_, two());
    FAIL() << "nothing was thrown";
  } catch (const sd::CompositeError& error) {
    EXPECT_STREQ(error.what(), "b does not let go; also: a does not let go");
    ASSERT_EQ(error.failures().size(), 2u);
    EXPECT_THROW(std::rethrow_exception(error.failures()[0]), std::range_error);
  }
}

TEST_F(Composite, MayBeDeregisteredAgain) {
  const sd::Deregister deregister = enroll({part("a")});
  run(context_, deregister());
  EXPECT_NO_THROW(run(context_, deregister()));
}

TEST_F(Composite, ACancelledEnrolmentUndoesWhatItHasEnrolled) {
  Part slow = part("slow");
  slow.enrol_hangs = true;
  const sd::ServiceDiscovery all = sd::composite({part("a"), part("b"), slow});
  const auto pending = start(context_, all.enroll(endpoint_));
  ASSERT_TRUE(run_until(context_, [&] { return events_.size() == 2; }));
  run_until(context_, [turns = 0]() mutable { return ++turns > 3; });
  ASSERT_FALSE(pending->done());
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_THROW(testing::finish(context_, *pending), boost::system::system_error);
  EXPECT_THAT(events_, ElementsAre("+a", "+b", "~b", "-b", "~a", "-a"));
}

TEST_F(Composite, ACancelledDeregistrationEndsTheOneUnderWayAndUndoesTheRest) {
  Part slow = part("slow");
  slow.undo_hangs = true;
  const sd::Deregister deregister = enroll({part("a"), slow, part("c")});
  events_.clear();
  const auto pending = start(context_, deregister());
  ASSERT_TRUE(run_until(context_, [&] { return events_.size() == 3; }));
  run_until(context_, [turns = 0]() mutable { return ++turns > 3; });
  ASSERT_FALSE(pending->done());
  pending->cancel(asio::cancellation_type::terminal);
  try {
    testing::finish(context_, *pending);
    FAIL() << "nothing was thrown";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
  EXPECT_THAT(events_, ElementsAre("~c", "-c", "~slow", "~a", "-a"));
}

// The parts live for as long as the Deregister.
TEST_F(Composite, KeepsItsPartsAlive) {
  sd::Deregister deregister;
  {
    const sd::ServiceDiscovery all = sd::composite({part("a")});
    deregister = run(context_, all.enroll(endpoint_));
  }
  run(context_, deregister());
  EXPECT_EQ(events_.back(), "-a");
  EXPECT_THAT(std::exchange(events_, {}), ::testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace prometheus_async
