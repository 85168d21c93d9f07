// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_service.h"

#include <chrono>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <boost/asio/ip/host_name.hpp>
#include <boost/json.hpp>

#include "sd/internal/consul_rules.h"

namespace prometheus_async::sd::internal {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kTakeDownTimeout{2000};  // closing a server must not hang on its agent

std::string duration(milliseconds value) {
  return value.count() % 1000 == 0 ? absl::StrCat(value.count() / 1000, "s") : absl::StrCat(value.count(), "ms");
}

std::string_view text(ConsulStatus status) {
  switch (status) {
    case ConsulStatus::kPassing: return "passing";
    case ConsulStatus::kWarning: return "warning";
    case ConsulStatus::kCritical: break;
  }
  return "critical";
}

// The "Check" of a registration; empty for none.
struct CheckWriter {
  json::object operator()(const ConsulHttpCheck& check) const {
    Endpoint page = endpoint;
    page.path = endpoint.health_path;
    json::object written{{"HTTP", check.url.empty() ? page.url() : check.url}, {"Interval", duration(check.interval)}};
    if (check.timeout) written["Timeout"] = duration(*check.timeout);
    if (check.tls_skip_verify) written["TLSSkipVerify"] = true;
    return written;
  }
  json::object operator()(const ConsulTcpCheck& check) const {
    Endpoint bare = endpoint;
    bare.path = "";
    const std::string address = bare.url().substr(bare.scheme.size() + std::string_view("://").size());
    json::object written{{"TCP", check.address.empty() ? address : check.address},
                         {"Interval", duration(check.interval)}};
    if (check.timeout) written["Timeout"] = duration(*check.timeout);
    return written;
  }
  json::object operator()(const ConsulTtlCheck& check) const { return {{"TTL", duration(check.ttl)}}; }
  json::object operator()(const ConsulNoCheck&) const { return {}; }

  const Endpoint& endpoint;
};

std::string default_id(const ConsulOptions& options, const Endpoint& endpoint) {
  std::string host = options.advertise_address;
  if (host.empty()) host = endpoint.is_wildcard() ? boost::asio::ip::host_name() : endpoint.address;
  return absl::StrCat(options.name, "-", host, "-", endpoint.port);
}

// Whether what the agent says of a service is what was registered. Fields that were not sent are the agent's own.
bool is_same(const json::object& registered, const json::object& known) {
  const auto has = [&](std::string_view field, std::string_view known_as, const json::value& absent) {
    const json::value* ours = registered.if_contains(field);
    const json::value* theirs = known.if_contains(known_as);
    if (theirs != nullptr && theirs->is_null()) theirs = nullptr;
    return (ours == nullptr ? absent : *ours) == (theirs == nullptr ? absent : *theirs);
  };
  return has("Name", "Service", nullptr) && has("ID", "ID", nullptr) && has("Port", "Port", 0) &&
         has("Address", "Address", "") && has("Tags", "Tags", json::array()) && has("Meta", "Meta", json::object()) &&
         (!registered.contains("Weights") || has("Weights", "Weights", nullptr));
}

bool is_gone(const HttpResponse& response) {
  // Consul 1.8.7 with ACLs has the 500, newer versions the 404.
  return response.status / 100 == 2 || response.status == 404 ||
         (response.status == 500 && absl::StartsWith(response.body, "Unknown service"));
}

}  // namespace

ConsulService::ConsulService(std::shared_ptr<const ConsulOptions> options, const Endpoint& endpoint)
    : api_(std::move(options)) {
  check(endpoint);
  id_ = api_.options().service_id.empty() ? default_id(api_.options(), endpoint) : api_.options().service_id;
  check_service_id(id_);
  encoded_id_ = percent_encode(id_);
  registration_ = registration(endpoint);
}

std::string ConsulService::title() const { return absl::StrCat("service '", name(), "' (ID '", id_, "')"); }

std::string ConsulService::registration(const Endpoint& endpoint) const {
  const ConsulOptions& options = api_.options();
  std::map<std::string, std::string> meta = options.meta;
  meta.try_emplace("metrics_path", endpoint.path);
  meta.try_emplace("metrics_scheme", endpoint.scheme);

  json::object service{
      {"Name", options.name},           {"ID", id_}, {"Tags", json::value_from(options.tags)}, {"Port", endpoint.port},
      {"Meta", json::value_from(meta)},
  };
  const bool advertised = !options.advertise_address.empty();
  if (advertised || !endpoint.is_wildcard()) {  // without one Consul takes the node's
    const std::string& address = advertised ? options.advertise_address : endpoint.address;
    if (address.find('%') != std::string::npos) {
      throw std::invalid_argument(
          absl::StrCat("Consul registration: address '", address, "' has a zone, which means nothing to another host"));
    }
    service["Address"] = address;
  }
  if (const auto weights = options.weights) {
    service["Weights"] = json::object{{"Passing", weights->passing}, {"Warning", weights->warning}};
  }
  json::object check = std::visit(CheckWriter{endpoint}, options.check);
  if (!check.empty()) {
    if (options.initial_status) check["Status"] = text(*options.initial_status);
    if (const auto after = options.deregister_critical_service_after) {
      check["DeregisterCriticalServiceAfter"] = duration(*after);
    }
    service["Check"] = std::move(check);
  }
  return json::serialize(service);
}

asio::awaitable<void> ConsulService::put_up(HttpClient& client, milliseconds timeout) {
  const std::string purpose = absl::StrCat("register ", title());
  ConsulCall call{.method = "PUT",
                  .path = "/v1/agent/service/register",
                  .query = "replace-existing-checks=true",
                  .body = registration_,
                  .timeout = timeout};
  const HttpResponse response = co_await api_.perform(client, purpose, std::move(call));
  if (response.status != 200) throw api_.refusal(purpose, response);
  registered_version_ = api_.token_version();
}

asio::awaitable<void> ConsulService::take_down(HttpClient& client) {
  const std::string purpose = absl::StrCat("deregister ", title());
  ConsulCall call{
      .method = "PUT", .path = absl::StrCat("/v1/agent/service/deregister/", encoded_id_), .timeout = kTakeDownTimeout};
  const HttpResponse response = co_await api_.perform(client, purpose, std::move(call));
  if (!is_gone(response)) throw api_.refusal(purpose, response);
}

asio::awaitable<ConsulService::Sight> ConsulService::look(HttpClient& client, std::string hash) {
  const std::string purpose = absl::StrCat("ask for ", title());
  ConsulCall call{.path = absl::StrCat("/v1/agent/service/", encoded_id_)};
  if (!hash.empty()) {
    const milliseconds watch = api_.options().watch;
    call.query = absl::StrCat("hash=", percent_encode(hash), "&wait=", duration(watch));
    call.repeats = false;  // who is given another token wants to know now, not when this ends
    call.timeout = watch + watch / 16 + api_.options().timeout;  // the agent adds up to a sixteenth
  }
  const HttpResponse response = co_await api_.perform(client, purpose, std::move(call));
  if (response.status == 404) co_return Sight{};
  boost::system::error_code malformed;
  const json::value known = json::parse(response.body, malformed);
  if (response.status != 200 || malformed || !known.is_object()) throw api_.refusal(purpose, response);

  Sight sight{.state = Sight::State::kChanged};
  if (is_same(json::parse(registration_).as_object(), known.as_object())) sight.state = Sight::State::kOurs;
  const json::value* said = known.as_object().if_contains("ContentHash");
  if (said != nullptr && said->is_string()) sight.hash = said->as_string().c_str();
  co_return sight;
}

asio::awaitable<void> ConsulService::beat(HttpClient& client) {
  const std::string purpose = absl::StrCat("report ", title(), " to be well");
  ConsulCall call{.method = "PUT",
                  .path = absl::StrCat("/v1/agent/check/update/service%3A", encoded_id_),
                  .body = R"({"Status": "passing", "Output": "the event loop runs"})"};
  const HttpResponse response = co_await api_.perform(client, purpose, std::move(call));
  if (response.status != 200) throw api_.refusal(purpose, response);
}

asio::awaitable<void> ConsulService::maintain(HttpClient& client, std::optional<std::string> reason) {
  const std::string purpose =
      absl::StrCat(reason ? "put " : "take ", title(), reason ? " into" : " out of", " maintenance");
  ConsulCall call{.method = "PUT",
                  .path = absl::StrCat("/v1/agent/service/maintenance/", encoded_id_),
                  .query = reason ? absl::StrCat("enable=true&reason=", percent_encode(*reason)) : "enable=false"};
  const HttpResponse response = co_await api_.perform(client, purpose, std::move(call));
  if (response.status != 200) throw api_.refusal(purpose, response);
}

}  // namespace prometheus_async::sd::internal
