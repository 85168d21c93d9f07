// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/consul_dev_agent.h"

#include <cstdlib>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/testing/http_get.h"

namespace prometheus_async::testing {

ConsulDevAgent::ConsulDevAgent(ConsulDevAgentOptions options) : token_(std::move(options.master_token)) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/consul-", http_.text(), ".json");
  std::ofstream file(path);
  file << R"({"ports": {"dns": -1, "grpc": -1, "https": -1, "serf_wan": -1, "http": )" << http_.text()
       << R"(, "server": )" << server_.text() << R"(, "serf_lan": )" << serf_.text() << "}";
  if (!token_.empty()) {
    file << R"(, "acl": {"enabled": true, "default_policy": "deny", "tokens": {"master": ")" << token_ << R"("}})";
  }
  file << "}";
  file.close();
  process_.emplace(std::vector<std::string>{std::getenv("CONSUL"), "agent", "-dev", "-bind=127.0.0.1",
                                            "-client=127.0.0.1", "-config-file=" + path});
}

bool ConsulDevAgent::wait_until_ready() {
  std::vector<sd::HttpHeader> headers;
  if (!token_.empty()) headers.push_back({"X-Consul-Token", token_});
  return process_->wait_until([&] {
    return http_get(url() + "/v1/agent/self", headers).status == 200 &&
           http_get(url() + "/v1/health/service/consul", headers).status == 200;
  });
}

}  // namespace prometheus_async::testing
