// SPDX-License-Identifier: Apache-2.0
//
// Two hosts on one machine: the test and what it starts move into a network of their own, and a second one is joined to
// it by a cable that can be cut. Nothing of it is left once the test has ended, in whatever way.
//
//     if (const auto reason = testing::enter_new_network()) GTEST_SKIP() << *reason;
//     testing::NetworkNamespace other("10.99.0.1", "10.99.0.2");
//     testing::ChildProcess far(other.command({"consul", "agent"}));
//     other.run([] { return http_get("http://127.0.0.1:8500/"); });
//     other.cut();
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_NETWORK_NAMESPACE_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_NETWORK_NAMESPACE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace prometheus_async::testing {

// Moves the calling thread, and so the programs and threads that it starts from now on, into a new network that has
// loopback alone. Returns why that cannot be done here, if so: it needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN, and
// the programs ip and nsenter.
std::optional<std::string> enter_new_network();

class NetworkNamespace {
 public:
  // Joined to the calling thread's; the addresses, of IPv4, are of one /24. Throws std::runtime_error.
  NetworkNamespace(const std::string& near_address, const std::string& far_address);
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;
  ~NetworkNamespace();

  // In front of a command line, for it to run there.
  std::vector<std::string> launcher() const;
  std::vector<std::string> command(const std::vector<std::string>& argv) const;

  // Calls `function` there, on a thread of its own, and waits for it.
  template <class F>
  auto run(F function) const {
    std::optional<decltype(function())> result;
    run_there([&] { result.emplace(function()); });
    return std::move(*result);
  }

  // From now on nothing arrives on the other side, and no side is told so.
  void cut();
  void join();

 private:
  void run_there(const std::function<void()>& function) const;

  const std::string near_address_;
  const std::string far_address_;
  int fd_ = -1;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_NETWORK_NAMESPACE_H_
