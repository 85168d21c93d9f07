// SPDX-License-Identifier: Apache-2.0
//
// A Consul agent, run by a test against the real program: with ports of its own, so that it can be ended in any way and
// be started again where it was.
//
//     testing::ConsulProcess consul;          // needs env = {"CONSUL": "$(rootpath @consul//:consul)"}
//     ASSERT_TRUE(consul.wait_until_ready()) << consul.output();
//     sd::ConsulAgent agent({.agent = consul.url()});
//     ...
//     consul.stop(SIGKILL);
//     consul.start();
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_CONSUL_PROCESS_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_CONSUL_PROCESS_H_

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sd/http_client.h"
#include "tests/testing/child_process.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async::testing {

// Files, PEM.
struct ConsulTlsFiles {
  std::string ca_file;
  std::string certificate_file;  // for 127.0.0.1
  std::string key_file;
  bool verify_clients = false;  // by the same authority
};

struct ConsulProcessOptions {
  // Keeps what it knows in a folder, as agents in production do. False: it forgets at its end (-dev).
  bool keeps_data = false;
  // Where given, access is denied by default, and this is the token that may do everything.
  std::string master_token = {};
  // HTTPS in place of HTTP.
  std::optional<ConsulTlsFiles> tls = std::nullopt;
  // Listens at this path, too.
  std::string unix_socket = {};
  // "debug" tells of each request: see requests_in_log().
  std::string log_level = "info";

  // --- Several agents.
  std::string node_name = "node";
  std::string address = "127.0.0.1";  // for the other agents
  std::string join = {};              // serf_address() of a server that this one, a mere client, joins
  // In front of the command line, such as {"nsenter", ...}.
  std::vector<std::string> launcher = {};
};

struct ConsulToken {
  std::string secret;
  std::string accessor;
};

class ConsulProcess {
 public:
  // Starts it.
  explicit ConsulProcess(ConsulProcessOptions options = {});
  ConsulProcess(const ConsulProcess&) = delete;
  ConsulProcess& operator=(const ConsulProcess&) = delete;
  ~ConsulProcess();  // ends it

  // Waits until the HTTP API, the token and the catalog work; false if they never do.
  bool wait_until_ready();
  // Asks again and again, until `condition` holds; false if the limit or the agent's end comes first.
  bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = ChildProcess::kLimit);

  // Ends it and waits for that.
  void stop(int signal = SIGTERM);
  // On the same ports; what it kept is there again.
  void start();
  // Loses what it kept; only while it is stopped.
  void wipe();
  // It holds its sockets and says nothing.
  void pause() { process_->send_signal(SIGSTOP); }
  void resume() { process_->send_signal(SIGCONT); }

  std::string url() const;
  std::string host_and_port() const { return "127.0.0.1:" + http_.text(); }
  std::string serf_address() const { return options_.address + ":" + serf_.text(); }
  // Since it was last started.
  std::string output() const { return process_->output(); }

  // Asks its API with the master token; status 0 and the reason as body where there is no answer.
  sd::HttpResponse request(const std::string& method, const std::string& path, const std::string& body = {}) const;

  // The IDs of the services that were registered with this agent, in order.
  std::vector<std::string> service_ids() const;
  bool has_service(const std::string& id) const;
  // "passing", "warning", "critical", "maintenance", or "" where it is not registered.
  std::string status_of(const std::string& id) const;
  // The addresses, "host:port", of a service in the catalog of all agents, in order.
  std::vector<std::string> catalog(const std::string& service) const;

  // A token to which `rules`, a policy in Consul's own language, apply. Throws std::runtime_error.
  ConsulToken create_token(const std::string& rules);
  void delete_token(const ConsulToken& token);

  struct Request {
    std::string method;
    std::string target;
    std::string latency;  // as "2.07s" or "310.4µs"
  };
  // Of log level "debug": the requests that it has answered since it was last started, without those of request().
  std::vector<Request> requests_in_log() const;

 private:
  std::string write_config() const;

  ConsulProcessOptions options_;
  TemporaryFolder folder_;
  ReservedPort http_;
  ReservedPort server_;
  ReservedPort serf_;
  std::optional<ChildProcess> process_;
  int policies_ = 0;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_CONSUL_PROCESS_H_
