// SPDX-License-Identifier: Apache-2.0
#include "tx/web/announce.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sd/composite_discovery.h"
#include "sd/consul_agent.h"
#include "sd/endpoint.h"
#include "sd/service_discovery.h"
#include "tests/testing/error_of.h"
#include "tests/testing/run.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/listening_port.h"
#include "tx/reactor.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

namespace prometheus_async::tx::web {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using prometheus_async::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tx::testing::assert_no_result;
using tx::testing::failure_result_of;
using tx::testing::flush_logged_errors;
using tx::testing::success_result_of;

// What a discovery saw, and what it is to do.
struct Record {
  std::vector<std::string> events;
  std::optional<sd::Endpoint> endpoint;
  bool enrol_fails = false;
  bool enrol_hangs = false;
  bool enrol_ignores_cancellation = false;
  bool undo_fails = false;
  bool undo_hangs = false;
  bool was_listening = false;  // when it was undone
};

bool is_listening(std::uint16_t port) {
  asio::io_context context;
  tcp::socket socket(context);
  boost::system::error_code error;
  socket.connect({asio::ip::make_address("127.0.0.1"), port}, error);
  return !error;
}

asio::awaitable<void> hang() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> undo(std::shared_ptr<Record> record) {
  record->events.push_back("undo");
  co_await asio::post(asio::use_awaitable);
  record->was_listening = is_listening(record->endpoint->port);
  if (record->undo_hangs) co_await hang();
  if (record->undo_fails) throw std::range_error("does not let go");
  record->events.push_back("undone");
}

struct Fake {
  std::shared_ptr<Record> record;

  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) const {
    record->endpoint = endpoint;
    record->events.push_back("enrol");
    co_await asio::post(asio::use_awaitable);
    if (record->enrol_hangs) {
      try {
        co_await hang();
      } catch (const std::exception&) {
        record->events.push_back("cancelled");
        if (!record->enrol_ignores_cancellation) throw;
      }
    }
    if (record->enrol_fails) throw std::domain_error("full");
    co_return [record = record] { return undo(record); };
  }
};

class AnnounceTest : public ::testing::Test {
 protected:
  Deferred<Announcement> announce_site(AnnounceOptions options = {}) {
    return announce(reactor_, port_, Fake{record_}, std::move(options));
  }
  // Step by step, with the application's io_context.
  template <class Condition>
  bool run_until(Condition condition) {
    return prometheus_async::testing::run_until(context_, condition);
  }
  Announcement announced(AnnounceOptions options = {}) {
    Deferred<Announcement> deferred = announce_site(std::move(options));
    EXPECT_TRUE(run_until([&] { return deferred.has_result(); }));
    return success_result_of(deferred);
  }
  // As run() has it: until the reactor has stopped.
  void stop() {
    reactor_.stop();
    bool is_over = false;
    reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, [&] { is_over = true; });
    ASSERT_TRUE(run_until([&] { return is_over; }));
  }

  asio::io_context context_;
  Reactor reactor_{context_};
  const std::shared_ptr<Record> record_ = std::make_shared<Record>();
  ListeningPort port_ = reactor_.listen_tcp(0, Site(Resource()), {.interface = "127.0.0.1"});
};

[[maybe_unused]] void header_example(Reactor& reactor, Resource root) {
  tx::ListeningPort port = reactor.listen_tcp(8000, tx::web::Site(std::move(root)));
  const sd::ConsulAgent consul({.name = "shop"});
  tx::Deferred<tx::web::Announcement> announced = tx::web::announce(reactor, port, consul);
}

TEST_F(AnnounceTest, TellsTheDiscoveryWhereTheSiteIs) {
  const Announcement announcement = announced();
  EXPECT_TRUE(announcement.is_registered());
  EXPECT_EQ(record_->endpoint, (sd::Endpoint{.scheme = "http",
                                             .address = "127.0.0.1",
                                             .port = port_.get_host().port,
                                             .path = "/metrics",
                                             .health_path = "/metrics"}));
  announced({.scheme = "https", .metrics_path = "/m", .health_path = "/healthy"});
  EXPECT_EQ(record_->endpoint->scheme, "https");
  EXPECT_EQ(record_->endpoint->path, "/m");
  EXPECT_EQ(record_->endpoint->health_path, "/healthy");
}

TEST_F(AnnounceTest, AShutdownWithdrawsWhileThePortListens) {
  const Announcement announcement = announced();
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "undo", "undone"));
  EXPECT_TRUE(record_->was_listening);
  EXPECT_FALSE(is_listening(port_.get_host().port));
  EXPECT_FALSE(announcement.is_registered());
}

// A program as users write it: the reactor's own loop, stopped as a signal does.
TEST(Announce, AProgramComesAndGoes) {
  Reactor reactor;
  const auto record = std::make_shared<Record>();
  const ListeningPort port = reactor.listen_tcp(0, Site(Resource()), {.interface = "127.0.0.1"});
  Deferred<Announcement> announced = announce(reactor, port, Fake{record});
  bool was_registered = false;
  std::move(announced)
      .add_callback([&](const Announcement& announcement) {
        was_registered = announcement.is_registered();
        reactor.stop();
      })
      .detach();
  reactor.run();
  EXPECT_TRUE(was_registered);
  EXPECT_THAT(record->events, ElementsAre("enrol", "undo", "undone"));
  EXPECT_TRUE(record->was_listening);
}

TEST_F(AnnounceTest, NothingIsAnnouncedBeforeTheReactorRuns) {
  Deferred<Announcement> deferred = announce_site();
  assert_no_result(deferred);
  EXPECT_THAT(record_->events, IsEmpty());
  EXPECT_TRUE(run_until([&] { return deferred.has_result(); }));
  EXPECT_THAT(record_->events, ElementsAre("enrol"));
  success_result_of(deferred);
}

TEST_F(AnnounceTest, ACancelledEnrolmentIsOver) {
  record_->enrol_hangs = true;
  Deferred<Announcement> deferred = announce_site();
  ASSERT_TRUE(run_until([&] { return !record_->events.empty(); }));
  context_.poll();
  deferred.cancel();
  EXPECT_TRUE(run_until([&] { return deferred.has_result(); }));
  EXPECT_NE(failure_result_of(deferred).check<CancelledError>(), nullptr);
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "cancelled"));
}

TEST_F(AnnounceTest, AFailedEnrolmentFailsAndThePortListensOn) {
  record_->enrol_fails = true;
  Deferred<Announcement> deferred = announce_site();
  ASSERT_TRUE(run_until([&] { return deferred.has_result(); }));
  EXPECT_NE(failure_result_of(deferred).check<std::domain_error>(), nullptr);
  EXPECT_TRUE(is_listening(port_.get_host().port));
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol"));
}

TEST_F(AnnounceTest, AFailedDeregistrationDoesNotStopTheShutdown) {
  record_->undo_fails = true;
  const Announcement announcement = announced();
  stop();
  EXPECT_FALSE(is_listening(port_.get_host().port));
  EXPECT_FALSE(announcement.is_registered());
  EXPECT_EQ(flush_logged_errors<std::range_error>().size(), 1u);
}

TEST_F(AnnounceTest, ADeregistrationThatHangsHoldsTheShutdownUpForItsTimeoutOnly) {
  record_->undo_hangs = true;
  announced({.deregister_timeout = 1ms});
  stop();
  EXPECT_FALSE(is_listening(port_.get_host().port));
  EXPECT_EQ(flush_logged_errors<TimeoutError>().size(), 1u);
}

TEST_F(AnnounceTest, AShutdownCancelsAnEnrolmentUnderWay) {
  record_->enrol_hangs = true;
  Deferred<Announcement> deferred = announce_site();
  ASSERT_TRUE(run_until([&] { return !record_->events.empty(); }));
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "cancelled"));
  EXPECT_NE(failure_result_of(deferred).check<CancelledError>(), nullptr);
}

TEST_F(AnnounceTest, AnEnrolmentThatComesThroughDuringTheShutdownIsWithdrawn) {
  record_->enrol_hangs = true;
  record_->enrol_ignores_cancellation = true;
  Deferred<Announcement> deferred = announce_site();
  ASSERT_TRUE(run_until([&] { return !record_->events.empty(); }));
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "cancelled", "undo", "undone"));
  EXPECT_TRUE(record_->was_listening);
  EXPECT_NE(failure_result_of(deferred).check<CancelledError>(), nullptr);
}

TEST_F(AnnounceTest, DroppedItIsAnnouncedAndWithdrawnAtShutdown) {
  announce_site().detach();
  ASSERT_TRUE(run_until([&] { return !record_->events.empty(); }));
  context_.poll();
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "undo", "undone"));
}

TEST_F(AnnounceTest, WithdrawsOnce) {
  const Announcement announcement = announced();
  Deferred<void> first = announcement.withdraw();
  Deferred<void> second = announcement.withdraw();
  EXPECT_TRUE(announcement.is_registered());
  assert_no_result(second);
  ASSERT_TRUE(run_until([&] { return first.has_result() && second.has_result(); }));
  success_result_of(first);
  success_result_of(second);
  EXPECT_FALSE(announcement.is_registered());
  Deferred<void> third = announcement.withdraw();
  success_result_of(third);
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "undo", "undone"));
}

TEST_F(AnnounceTest, AWithdrawalFailsWithWhatTheDeregistrationThrows) {
  record_->undo_fails = true;
  const Announcement announcement = announced();
  Deferred<void> withdrawn = announcement.withdraw();
  ASSERT_TRUE(run_until([&] { return withdrawn.has_result(); }));
  EXPECT_NE(failure_result_of(withdrawn).check<std::range_error>(), nullptr);
  EXPECT_FALSE(announcement.is_registered());
}

// A shutdown waits for a withdrawal that is under way.
TEST_F(AnnounceTest, AShutdownWaitsForAWithdrawal) {
  const Announcement announcement = announced();
  announcement.withdraw().detach();
  stop();
  EXPECT_THAT(record_->events, ElementsAre("enrol", "undo", "undone"));
  EXPECT_TRUE(record_->was_listening);
}

TEST_F(AnnounceTest, WithoutADiscoveryOrWithOneThatRegistersNothingItIsNotRegistered) {
  for (const sd::ServiceDiscovery& discovery : {sd::ServiceDiscovery(), sd::composite({})}) {
    Deferred<Announcement> deferred = announce(reactor_, port_, discovery);
    ASSERT_TRUE(run_until([&] { return deferred.has_result(); }));
    const Announcement announcement = success_result_of(deferred);
    EXPECT_FALSE(announcement.is_registered());
    Deferred<void> withdrawn = announcement.withdraw();
    ASSERT_TRUE(run_until([&] { return withdrawn.has_result(); }));
    success_result_of(withdrawn);
  }
}

// A reactor that goes without having stopped: nothing of it is used any more.
TEST(Announce, OutlivesAReactorThatWasNotRun) {
  const auto record = std::make_shared<Record>();
  std::optional<Deferred<Announcement>> deferred;
  {
    Reactor reactor;
    const ListeningPort port = reactor.listen_tcp(0, Site(Resource()), {.interface = "127.0.0.1"});
    deferred = announce(reactor, port, Fake{record});
  }
  EXPECT_NE(failure_result_of(*deferred).check<AbandonedError>(), nullptr);
}

TEST(Announce, OutlivesAReactorThatCrashed) {
  const auto record = std::make_shared<Record>();
  std::optional<Announcement> announcement;
  {
    Reactor reactor;
    const ListeningPort port = reactor.listen_tcp(0, Site(Resource()), {.interface = "127.0.0.1"});
    announce(reactor, port, Fake{record})
        .add_callback([&](Announcement&& made) {
          announcement = std::move(made);
          reactor.crash();
        })
        .detach();
    reactor.run();
  }
  EXPECT_TRUE(announcement->is_registered());
  EXPECT_THAT(record->events, ElementsAre("enrol"));
}

TEST_F(AnnounceTest, RefusesBadOptions) {
  const auto refusal = [&](AnnounceOptions options) {
    return error_of<std::invalid_argument>([&] { announce_site(options).detach(); });
  };
  EXPECT_THAT(refusal({.scheme = "ftp"}), HasSubstr("'ftp'"));
  EXPECT_THAT(refusal({.metrics_path = "m"}), HasSubstr("'m'"));
  EXPECT_THAT(refusal({.metrics_path = ""}), HasSubstr("''"));
  EXPECT_THAT(refusal({.health_path = "h"}), HasSubstr("'h'"));
  EXPECT_THAT(refusal({.deregister_timeout = 0ms}), HasSubstr("positive"));
  EXPECT_THAT(record_->events, IsEmpty());
}

}  // namespace
}  // namespace prometheus_async::tx::web
