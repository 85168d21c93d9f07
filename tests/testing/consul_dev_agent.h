// SPDX-License-Identifier: Apache-2.0
//
// A Consul agent in development mode, for tests against the real program: on loopback, with ports of its own.
//
//     testing::ConsulDevAgent consul;          // needs env = {"CONSUL": "$(rootpath @consul//:consul)"}
//     ASSERT_TRUE(consul.wait_until_ready()) << consul.output();
//     sd::ConsulAgent agent({.agent = consul.url()});
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_CONSUL_DEV_AGENT_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_CONSUL_DEV_AGENT_H_

#include <optional>
#include <string>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {

struct ConsulDevAgentOptions {
  // Where given, access is denied by default, and this is the token that may do everything.
  std::string master_token = {};
};

class ConsulDevAgent {
 public:
  explicit ConsulDevAgent(ConsulDevAgentOptions options = {});

  // Waits until the HTTP API, and the token, work; false if they never do.
  bool wait_until_ready();

  std::string url() const { return "http://127.0.0.1:" + http_.text(); }
  std::string output() const { return process_->output(); }

 private:
  const std::string token_;
  ReservedPort http_;
  ReservedPort server_;
  ReservedPort serf_;
  std::optional<ChildProcess> process_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_CONSUL_DEV_AGENT_H_
