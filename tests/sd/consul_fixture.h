// SPDX-License-Identifier: Apache-2.0
//
// A test of what keeps a registration, against a real agent: an agent, an event loop, and whether all who can say so
// agree that a service is registered.
#ifndef PROMETHEUS_ASYNC_TESTS_SD_CONSUL_FIXTURE_H_
#define PROMETHEUS_ASYNC_TESTS_SD_CONSUL_FIXTURE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "sd/consul_options.h"
#include "sd/endpoint.h"
#include "sd/service_discovery.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/run.h"
#include "tests/testing/stopwatch.h"

namespace prometheus_async::testing {

inline constexpr char kMasterToken[] = "00000000-0000-0000-0000-000000000001";

class ConsulFixture : public ::testing::Test {
 protected:
  void start_agent(ConsulProcessOptions options = {}) {
    consul_.emplace(std::move(options));
    ASSERT_TRUE(consul_->wait_until_ready()) << consul_->output();
  }

  // What tests change nothing of: they look often, as they are in a hurry.
  sd::ConsulOptions options(const std::string& id) {
    sd::ConsulOptions result;
    result.name = "checkout";
    result.service_id = id;
    result.agent = consul_->url();
    result.watch = std::chrono::seconds(1);
    result.timeout = std::chrono::seconds(2);
    result.registry = &registry_;
    result.log = [this](std::string_view line) { log_.emplace_back(line); };
    return result;
  }

  sd::Deregister enroll(sd::ConsulOptions options, sd::Endpoint endpoint = {.address = "127.0.0.1", .port = 9101}) {
    const sd::ConsulAgent agent(std::move(options));
    return run(context_, agent.enroll(std::move(endpoint)));
  }

  // Long enough for a keeper that has been refused several times.
  template <class Condition>
  bool wait(Condition condition, std::chrono::seconds limit = std::chrono::seconds(90)) {
    return run_until(context_, condition, limit);
  }

  // -1 where there is none.
  double sample(const std::string& metric, const std::string& id) const {
    return registry_.get_sample_value(metric, {{"service", "checkout"}, {"service_id", id}}).value_or(-1);
  }
  double registrations(const std::string& id, const std::string& result) const {
    return registry_
        .get_sample_value("sd_registrations_total", {{"service", "checkout"}, {"service_id", id}, {"result", result}})
        .value_or(-1);
  }
  // Times that it was "forgotten" or "changed".
  double losses(const std::string& id, const std::string& reason) const {
    return registry_
        .get_sample_value("sd_registration_losses_total",
                          {{"service", "checkout"}, {"service_id", id}, {"reason", reason}})
        .value_or(-1);
  }

  // Whether the Deregister, the metrics and the agent say the same, and it is this.
  bool all_say(bool is_registered, const sd::Deregister& deregister, const std::string& id) {
    return deregister.is_registered() == is_registered && sample("sd_registered", id) == (is_registered ? 1 : 0) &&
           consul_->has_service(id) == is_registered;
  }
  // The same without the agent, which is away.
  bool both_say(bool is_registered, const sd::Deregister& deregister, const std::string& id) {
    return deregister.is_registered() == is_registered && sample("sd_registered", id) == (is_registered ? 1 : 0);
  }

  // Starts the agent, and waits until the service is there as all say; prints how long that took from its first answer.
  // Without a leader, as at first, an agent that has something to tell the catalog may hold up whom it serves for 7 s.
  bool comes_back(const sd::Deregister& deregister, const std::string& id, const std::string& after) {
    consul_->start();
    const Stopwatch since_start;
    std::optional<Stopwatch> since_answer;
    const bool is_back = wait([&] {
      if (!since_answer && consul_->request("GET", "/v1/agent/self").status == 200) since_answer.emplace();
      return since_answer && all_say(true, deregister, id);
    });
    if (since_answer) since_answer->print("registered again " + after + ", from the agent's first answer");
    since_start.print("the same, from the agent's start");
    return is_back && consul_->wait_until_ready();
  }

  std::string log() const {
    std::string all;
    for (const std::string& line : log_) all += line + "\n";
    return all;
  }

  metrics::Registry registry_;
  std::optional<ConsulProcess> consul_;
  asio::io_context context_;
  std::vector<std::string> log_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_SD_CONSUL_FIXTURE_H_
