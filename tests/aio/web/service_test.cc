// SPDX-License-Identifier: Apache-2.0

#include "aio/web/service.h"

#include <unistd.h>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::can_connect;

// A discovery that remembers what it was told and does what the test says.
struct FakeDiscovery {
  struct Record {
    std::optional<sd::Endpoint> enrolled;
    int deregistered = 0;
    bool was_served_meanwhile = false;
    std::function<asio::awaitable<void>()> on_enroll;
    std::function<asio::awaitable<void>()> on_deregister;
    bool gives_nothing = false;
    bool is_lost = false;
  };

  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) {
    Record* const its = record;
    its->enrolled = endpoint;
    if (its->on_enroll) co_await its->on_enroll();
    if (its->gives_nothing) co_return sd::Deregister();
    const auto deregister = [its]() -> asio::awaitable<void> {
      ++its->deregistered;
      its->was_served_meanwhile = can_connect({its->enrolled->address, its->enrolled->port});
      if (its->on_deregister) co_await its->on_deregister();
    };
    co_return sd::Deregister(deregister, [its] { return !its->is_lost; });
  }

  Record* record;
};

asio::awaitable<void> fail() {
  throw std::runtime_error("the discovery says no");
  co_return;
}

asio::awaitable<void> wait_for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

const std::string kName = "@service_test." + std::to_string(::getpid());

asio::awaitable<void> add_both(AppRunner& runner) {
  co_await runner.unix_site(kName);
  co_await runner.tcp_site("127.0.0.1", 0);
}

class ServiceTest : public ::testing::Test {
 protected:
  ServiceOptions options() {
    return {.addr = "127.0.0.1", .service_discovery = FakeDiscovery{&record_}, .metrics_path = "/m"};
  }

  net::Address enrolled_at() const { return {record_.enrolled->address, record_.enrolled->port}; }

  // Runs the loop until the coroutine has a result.
  template <class T>
  T run(asio::awaitable<T> awaitable) {
    std::future<T> result = asio::co_spawn(io_context_, std::move(awaitable), asio::use_future);
    io_context_.restart();
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) io_context_.run_one();
    return result.get();
  }

  FakeDiscovery::Record record_;
  asio::io_context io_context_{1};
};

TEST_F(ServiceTest, ListensEnrolsAndTakesItBack) {
  Service service = run(Service::start(Application(), options()));
  ASSERT_TRUE(record_.enrolled);
  EXPECT_EQ(enrolled_at(), service.address());
  EXPECT_EQ(record_.enrolled->scheme, "http");
  EXPECT_EQ(record_.enrolled->path, "/m");
  EXPECT_EQ(service.url(), "http://127.0.0.1:" + std::to_string(service.address().port) + "/");
  EXPECT_EQ(service.metrics_url(), "http://127.0.0.1:" + std::to_string(service.address().port) + "/m");
  EXPECT_TRUE(service.is_registered());
  EXPECT_TRUE(can_connect(service.address()));

  run(service.close());
  EXPECT_EQ(record_.deregistered, 1);
  EXPECT_TRUE(record_.was_served_meanwhile);
  EXPECT_FALSE(service.is_registered());
  EXPECT_FALSE(can_connect(service.address()));
  EXPECT_NE(service.address().port, 0);
}

TEST_F(ServiceTest, AnnouncesTheTcpAddressAmongItsSites) {
  ServiceOptions some = options();
  some.sites = [](AppRunner& runner) { return add_both(runner); };
  Service service = run(Service::start(Application(), std::move(some)));
  EXPECT_EQ(service.addresses().size(), 2u);
  EXPECT_TRUE(service.addresses()[0].is_unix());
  EXPECT_EQ(enrolled_at(), service.addresses()[1]);
  EXPECT_EQ(service.url(service.addresses()[0]), "http://" + service.addresses()[0].to_string() + ":/");
  EXPECT_EQ(service.url(), service.url(service.addresses()[1]));
  run(service.close());
}

TEST_F(ServiceTest, HasNothingToAnnounceWithoutTcp) {
  ServiceOptions some = options();
  some.sites = [](AppRunner& runner) { return runner.unix_site(kName); };
  EXPECT_THROW(run(Service::start(Application(), some)), std::invalid_argument);
  EXPECT_FALSE(record_.enrolled);
  some.service_discovery = {};
  Service service = run(Service::start(Application(), std::move(some)));
  EXPECT_EQ(service.address(), net::Address::unix_socket(kName));
  run(service.close());
}

TEST_F(ServiceTest, CleansUpIfTheDiscoveryFails) {
  int cleanups = 0;
  Application app;
  app.on_cleanup([&](Application&) { ++cleanups; });
  record_.on_enroll = fail;
  EXPECT_THROW(run(Service::start(std::move(app), options())), std::runtime_error);
  EXPECT_EQ(cleanups, 1);
  EXPECT_FALSE(can_connect(enrolled_at()));
}

TEST_F(ServiceTest, ServesOnForTheDrainDelay) {
  ServiceOptions some = options();
  some.drain_delay = std::chrono::hours(1);
  Service service = run(Service::start(Application(), std::move(some)));
  asio::co_spawn(io_context_, service.close(), asio::detached);
  io_context_.restart();
  io_context_.poll();
  EXPECT_EQ(record_.deregistered, 1);
  EXPECT_FALSE(service.is_registered());
  EXPECT_TRUE(can_connect(service.address()));
}

TEST_F(ServiceTest, ClosesTwice) {
  Service service = run(Service::start(Application(), options()));
  run(service.close());
  run(service.close());
  EXPECT_EQ(record_.deregistered, 1);
}

TEST_F(ServiceTest, CountsAsUnregisteredIfTheDiscoveryGivesNothing) {
  record_.gives_nothing = true;
  Service service = run(Service::start(Application(), options()));
  EXPECT_FALSE(service.is_registered());
  EXPECT_TRUE(can_connect(service.address()));
  run(service.close());
  EXPECT_FALSE(can_connect(service.address()));
}

TEST_F(ServiceTest, NeedsNoDiscovery) {
  ServiceOptions alone{.addr = "127.0.0.1"};
  Service service = run(Service::start(Application(), std::move(alone)));
  EXPECT_FALSE(service.is_registered());
  run(service.close());
}

TEST_F(ServiceTest, StopsIfEnrollingFails) {
  record_.on_enroll = fail;
  try {
    run(Service::start(Application(), options()));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the discovery says no");
  }
  EXPECT_FALSE(can_connect(enrolled_at()));
}

TEST_F(ServiceTest, StopsIfEnrollingIsCancelled) {
  record_.on_enroll = wait_for_ever;
  asio::cancellation_signal cancel;
  std::exception_ptr failure;
  asio::co_spawn(io_context_, Service::start(Application(), options()),
                 asio::bind_cancellation_slot(cancel.slot(),
                                              [&](std::exception_ptr e, const Service&) { failure = std::move(e); }));
  while (!record_.enrolled) io_context_.run_one();
  EXPECT_TRUE(can_connect(enrolled_at()));
  cancel.emit(asio::cancellation_type::terminal);
  io_context_.restart();
  io_context_.run();
  EXPECT_TRUE(failure);
  EXPECT_FALSE(can_connect(enrolled_at()));
}

TEST_F(ServiceTest, StopsIfEnrollingIsDropped) {
  record_.on_enroll = wait_for_ever;
  {
    asio::io_context io_context(1);
    asio::co_spawn(io_context, Service::start(Application(), options()),
                   [](const std::exception_ptr&, const Service&) {});
    while (!record_.enrolled) io_context.run_one();
    EXPECT_TRUE(can_connect(enrolled_at()));
  }
  EXPECT_FALSE(can_connect(enrolled_at()));
}

TEST_F(ServiceTest, StopsAndReportsIfDeregisteringFails) {
  record_.on_deregister = fail;
  Service service = run(Service::start(Application(), options()));
  EXPECT_THROW(run(service.close()), std::runtime_error);
  EXPECT_FALSE(can_connect(service.address()));
  EXPECT_FALSE(service.is_registered());
  run(service.close());
  EXPECT_EQ(record_.deregistered, 1);
}

TEST_F(ServiceTest, StopsIfDeregisteringIsCancelled) {
  record_.on_deregister = wait_for_ever;
  Service service = run(Service::start(Application(), options()));
  asio::cancellation_signal cancel;
  std::exception_ptr failure;
  asio::co_spawn(io_context_, service.close(),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { failure = std::move(e); }));
  while (record_.deregistered == 0) io_context_.run_one();
  EXPECT_TRUE(can_connect(service.address()));
  cancel.emit(asio::cancellation_type::terminal);
  io_context_.restart();
  io_context_.run();
  EXPECT_TRUE(failure);
  EXPECT_FALSE(can_connect(service.address()));
}

TEST_F(ServiceTest, StopsAndReportsIfDeregisteringTakesTooLong) {
  record_.on_deregister = wait_for_ever;
  ServiceOptions hurried = options();
  hurried.deregister_timeout = std::chrono::milliseconds(1);
  Service service = run(Service::start(Application(), std::move(hurried)));
  try {
    run(service.close());
    FAIL() << "no error";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out);
  }
  EXPECT_FALSE(can_connect(service.address()));
}

TEST_F(ServiceTest, ServesOnAfterItIsDeregistered) {
  Service service = run(Service::start(Application(), options()));
  run(service.deregister());
  EXPECT_FALSE(service.is_registered());
  EXPECT_TRUE(can_connect(service.address()));
  run(service.deregister());
  run(service.close());
  EXPECT_EQ(record_.deregistered, 1);
}

// The discovery may lose the service, and get it again.
TEST_F(ServiceTest, IsRegisteredWhenTheDiscoverySaysSo) {
  Service service = run(Service::start(Application(), options()));
  EXPECT_TRUE(service.is_registered());
  record_.is_lost = true;
  EXPECT_FALSE(service.is_registered());
  record_.is_lost = false;
  EXPECT_TRUE(service.is_registered());
  run(service.close());
  EXPECT_FALSE(service.is_registered());
}

TEST_F(ServiceTest, TellsNobodyIfItCannotListen) {
  ServiceOptions unannounced = options();
  unannounced.service_discovery = {};
  Service taken = run(Service::start(Application(), std::move(unannounced)));
  ServiceOptions again = options();
  again.port = taken.address().port;
  EXPECT_THROW(run(Service::start(Application(), std::move(again))), std::system_error);
  EXPECT_FALSE(record_.enrolled);
  run(taken.close());
}

TEST_F(ServiceTest, StopsWhenItIsDestroyed) {
  std::optional<Service> service(run(Service::start(Application(), options())));
  const net::Address address = service->address();
  service.reset();
  EXPECT_FALSE(can_connect(address));
  EXPECT_EQ(record_.deregistered, 0);
}

}  // namespace
}  // namespace prometheus_async::aio::web
