// SPDX-License-Identifier: Apache-2.0
//
// The part of a Consul agent's API that a registration uses, with the statuses and bodies of Consul 1.8.7, and with
// what a real one cannot be made to do: answers that are scripted come first (server().answer()), and it can go away
// and come back, forget, and be changed from outside.
//
//     testing::FakeConsulAgent agent(context);
//     sd::ConsulAgent consul({.agent = agent.url()});
//     agent.forget("app-metrics-127.0.0.1-9100");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_CONSUL_AGENT_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_CONSUL_AGENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "tests/testing/scripted_http_server.h"

namespace prometheus_async::testing {

class FakeConsulAgent {
 public:
  explicit FakeConsulAgent(boost::asio::io_context& context);

  ScriptedHttpServer& server() { return server_; }
  std::string url() const { return server_.url(); }

  bool knows(const std::string& id) const;
  // As GET /v1/agent/service/ID gives it. REQUIRES: knows(id).
  const boost::json::object& service(const std::string& id) const;
  bool is_in_maintenance(const std::string& id) const;
  std::size_t beats(const std::string& id) const;  // heartbeats of a TTL check
  // Requests of that method whose target begins so.
  std::size_t count(const std::string& method, const std::string& target) const;

  // Each wakes who waits for a change.
  void forget(const std::string& id);
  void change_tags(const std::string& id, const std::string& tag);
  // Gives what it knows a new hash, and changes nothing else.
  void touch(const std::string& id);
  // Denies whatever comes without this token. Empty: nothing.
  void demand_token(const std::string& token);
  // Gives no hashes, as an agent before 1.4.
  void hide_hashes();

 private:
  struct State;
  static boost::asio::awaitable<Answer> answer(std::shared_ptr<State> state, ReceivedRequest request);

  ScriptedHttpServer server_;
  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_FAKE_CONSUL_AGENT_H_
