// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/consul_process.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "absl/strings/match.h"
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "tests/testing/run.h"

namespace prometheus_async::testing {
namespace {

namespace json = boost::json;

// Marks request()'s own in the log; the agent ignores a parameter that it does not know.
constexpr char kOurs[] = "of-the-test";

std::string text(const json::value& value) { return std::string(value.as_string()); }

}  // namespace

ConsulProcess::ConsulProcess(ConsulProcessOptions options) : options_(std::move(options)) { start(); }

std::string ConsulProcess::write_config() const {
  const int http = http_.number();
  json::object config{
      {"node_name", options_.node_name},
      {"disable_update_check", true},
      {"leave_on_terminate", false},
      {"rejoin_after_leave", true},
      {"ports",
       {{"dns", -1},
        {"grpc", -1},
        {"serf_wan", -1},
        {"http", options_.tls ? -1 : http},
        {"https", options_.tls ? http : -1},
        {"server", server_.number()},
        {"serf_lan", serf_.number()}}},
      {"addresses", {{"http", "127.0.0.1" + (options_.unix_socket.empty() ? "" : " unix://" + options_.unix_socket)}}},
  };
  if (!options_.join.empty()) {
    config["retry_join"] = json::array{json::value(options_.join)};
    config["retry_interval"] = "1s";
  } else if (options_.keeps_data) {
    config["server"] = true;
    config["bootstrap_expect"] = 1;
    config["performance"] = {{"raft_multiplier", 1}};  // a leader soon, as -dev has
  }
  if (!options_.master_token.empty()) {
    const json::value master(options_.master_token);
    config["acl"] = {
        {"enabled", true}, {"default_policy", "deny"}, {"tokens", {{"master", master}, {"agent", master}}}};
  }
  if (options_.tls) {
    config["ca_file"] = options_.tls->ca_file;
    config["cert_file"] = options_.tls->certificate_file;
    config["key_file"] = options_.tls->key_file;
    config["verify_incoming_https"] = options_.tls->verify_clients;
  }
  return folder_.write("consul.json", json::serialize(config));
}

void ConsulProcess::start() {
  std::vector<std::string> argv = options_.launcher;
  argv.insert(argv.end(), {std::getenv("CONSUL"), "agent", "-bind=" + options_.address,
                           "-log-level=" + options_.log_level, "-config-file=" + write_config()});
  if (options_.keeps_data || !options_.join.empty()) {
    argv.push_back("-data-dir=" + folder_.path_of("data"));
  } else {
    argv.push_back("-dev");
  }
  process_.emplace(argv);
}

ConsulProcess::~ConsulProcess() { resume(); }

void ConsulProcess::stop(int signal) {
  process_->send_signal(signal);
  if (!process_->wait_for_exit()) throw std::runtime_error("Consul does not end");
}

void ConsulProcess::wipe() { std::filesystem::remove_all(folder_.path_of("data")); }

bool ConsulProcess::wait_until_ready() {
  return wait_until([&] {
    if (request("GET", "/v1/agent/self").status != 200) return false;
    const auto services = request("GET", "/v1/catalog/nodes");  // 500 for as long as there is no leader
    return services.status == 200 && absl::StrContains(services.body, "\"" + options_.node_name + "\"");
  });
}

bool ConsulProcess::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  return process_->wait_until(condition, limit);
}

std::string ConsulProcess::url() const { return (options_.tls ? "https://" : "http://") + host_and_port(); }

sd::HttpResponse ConsulProcess::request(const std::string& method, const std::string& path,
                                        const std::string& body) const {
  sd::HttpRequest request{.method = method, .url = url() + path, .body = body};
  request.url += (absl::StrContains(path, "?") ? "&" : "?") + std::string(kOurs);
  if (!options_.master_token.empty()) request.headers.push_back({"X-Consul-Token", options_.master_token});
  if (options_.tls) {
    request.tls.ca_file = options_.tls->ca_file;
    if (options_.tls->verify_clients) {
      request.tls.certificate_file = options_.tls->certificate_file;
      request.tls.key_file = options_.tls->key_file;
    }
  }
  asio::io_context context;
  sd::HttpClient client(context.get_executor());
  try {
    return run(context, client.perform(std::move(request)));
  } catch (const sd::HttpError& error) {
    return {.status = 0, .body = error.what()};
  }
}

std::vector<std::string> ConsulProcess::service_ids() const {
  const auto answer = request("GET", "/v1/agent/services");
  if (answer.status != 200) return {};
  std::vector<std::string> ids;
  const json::value parsed = json::parse(answer.body);
  for (const auto& service : parsed.as_object()) ids.emplace_back(service.key());
  std::sort(ids.begin(), ids.end());
  return ids;
}

bool ConsulProcess::has_service(const std::string& id) const {
  return request("GET", "/v1/agent/service/" + id).status == 200;
}

std::string ConsulProcess::status_of(const std::string& id) const {
  const auto answer = request("GET", "/v1/agent/health/service/id/" + id + "?format=text");
  return answer.status == 200 || answer.status == 429 || answer.status == 503 ? answer.body : "";
}

std::vector<std::string> ConsulProcess::catalog(const std::string& service) const {
  const auto answer = request("GET", "/v1/catalog/service/" + service);
  if (answer.status != 200) return {};
  std::vector<std::string> addresses;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& each : parsed.as_array()) {
    const std::string own = text(each.at("ServiceAddress"));
    addresses.push_back((own.empty() ? text(each.at("Address")) : own) + ":" +
                        std::to_string(each.at("ServicePort").to_number<int>()));
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

ConsulToken ConsulProcess::create_token(const std::string& rules) {
  const std::string name = "policy-" + std::to_string(++policies_);
  const json::value policy{{"Name", name}, {"Rules", rules}};
  const auto created = request("PUT", "/v1/acl/policy", json::serialize(policy));
  if (created.status != 200) throw std::runtime_error("no policy: " + created.body);
  const json::value token{{"Policies", {{{"Name", name}}}}};
  const auto answer = request("PUT", "/v1/acl/token", json::serialize(token));
  if (answer.status != 200) throw std::runtime_error("no token: " + answer.body);
  const json::value parsed = json::parse(answer.body);
  return {.secret = text(parsed.at("SecretID")), .accessor = text(parsed.at("AccessorID"))};
}

void ConsulProcess::delete_token(const ConsulToken& token) {
  const auto answer = request("DELETE", "/v1/acl/token/" + token.accessor);
  if (answer.status != 200) throw std::runtime_error("the token stays: " + answer.body);
}

std::vector<ConsulProcess::Request> ConsulProcess::requests_in_log() const {
  // ... [DEBUG] agent.http: Request finished: method=GET url=/v1/agent/self from=127.0.0.1:4242 latency=1.2ms
  const auto field = [](const std::string& line, const std::string& name) {
    const std::size_t at = line.find(" " + name + "=");
    if (at == std::string::npos) return std::string();
    const std::size_t begin = at + name.size() + 2;
    return line.substr(begin, line.find(' ', begin) - begin);
  };
  std::vector<Request> requests;
  std::istringstream lines(output());
  for (std::string line; std::getline(lines, line);) {
    if (!absl::StrContains(line, "Request finished:") || absl::StrContains(line, kOurs)) continue;
    requests.push_back({field(line, "method"), field(line, "url"), field(line, "latency")});
  }
  return requests;
}

}  // namespace prometheus_async::testing
