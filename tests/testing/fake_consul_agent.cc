// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/fake_consul_agent.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::testing {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr char kService[] = "/v1/agent/service/";

bool take_prefix(std::string& text, const std::string& prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

std::string decode(const std::string& id) { return absl::StrReplaceAll(id, {{"%3A", ":"}}); }

}  // namespace

struct FakeConsulAgent::State {
  struct Service {
    json::object known;
    bool has_ttl = false;
    bool is_in_maintenance = false;
    std::size_t beats = 0;
  };

  explicit State(asio::io_context& context) : changed(context, asio::steady_timer::time_point::max()) {}

  void change() { changed.cancel(); }

  std::map<std::string, Service> services;
  std::size_t versions = 0;
  std::string token;
  bool hides_hashes = false;
  asio::steady_timer changed;  // never fires; waits end when it is cancelled

  Answer put(const ReceivedRequest& request, std::string target);
  Answer register_service(const json::object& sent);
};

FakeConsulAgent::FakeConsulAgent(asio::io_context& context)
    : server_(context), state_(std::make_shared<State>(context)) {
  server_.answer_by([state = state_](const ReceivedRequest& request) { return answer(state, request); });
}

Answer FakeConsulAgent::State::register_service(const json::object& sent) {
  const std::string id = sent.at("ID").as_string().c_str();
  Service& service = services[id];
  service.known = {{"ID", id},
                   {"Service", sent.at("Name")},
                   {"Tags", sent.at("Tags")},
                   {"Meta", sent.at("Meta")},
                   {"Port", sent.at("Port")},
                   {"Address", sent.contains("Address") ? sent.at("Address") : json::value("")},
                   {"Weights", {{"Passing", 1}, {"Warning", 1}}},
                   {"EnableTagOverride", false}};
  service.known["ContentHash"] = hides_hashes ? "" : absl::StrCat("h", ++versions);
  service.has_ttl = sent.contains("Check") && sent.at("Check").as_object().contains("TTL");
  service.is_in_maintenance = false;
  change();
  return Answer::status(200);
}

Answer FakeConsulAgent::State::put(const ReceivedRequest& request, std::string target) {
  const std::string query = target.find('?') == target.npos ? "" : target.substr(target.find('?') + 1);
  target = target.substr(0, target.find('?'));
  if (take_prefix(target, "/v1/agent/check/update/service%3A")) {
    const auto found = services.find(decode(target));
    if (found == services.end() || !found->second.has_ttl) {
      return Answer::status(500, absl::StrCat("CheckID \"service:", target, "\" does not have associated TTL"));
    }
    ++found->second.beats;
    return Answer::status(200);
  }
  if (!take_prefix(target, kService)) return Answer::status(404);
  if (target == "register") return register_service(json::parse(request.body).as_object());
  if (take_prefix(target, "deregister/")) {
    services.erase(decode(target));
    change();
    return Answer::status(200);
  }
  if (take_prefix(target, "maintenance/")) {
    const auto found = services.find(decode(target));
    if (found == services.end()) return Answer::status(404, "No service registered");
    found->second.is_in_maintenance = query.starts_with("enable=true");
    return Answer::status(200);
  }
  return Answer::status(405, "method PUT not allowed");
}

asio::awaitable<Answer> FakeConsulAgent::answer(std::shared_ptr<State> state, ReceivedRequest request) {
  const auto denied = [&] { return !state->token.empty() && request.header("x-consul-token") != state->token; };
  const Answer denial = Answer::status(403, "ACL not found");
  if (denied()) co_return denial;
  if (request.method == "PUT") co_return state->put(request, request.target);
  std::string id = request.target;
  if (request.method != "GET" || !take_prefix(id, kService)) co_return Answer::status(405, "method not allowed");
  const std::size_t mark = id.find("?hash=");
  const std::string hash = mark == id.npos ? "" : id.substr(mark + 6, id.find('&', mark) - mark - 6);
  id = decode(id.substr(0, id.find('?')));
  for (;;) {
    if (denied()) co_return denial;
    const auto found = state->services.find(id);
    if (found == state->services.end()) co_return Answer::status(404, absl::StrCat("unknown service ID: ", id));
    if (hash.empty() || found->second.known.at("ContentHash") != json::value(hash)) {
      co_return Answer::status(200, json::serialize(found->second.known));
    }
    boost::system::error_code woken;
    co_await state->changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

bool FakeConsulAgent::knows(const std::string& id) const { return state_->services.contains(id); }

const json::object& FakeConsulAgent::service(const std::string& id) const { return state_->services.at(id).known; }

bool FakeConsulAgent::is_in_maintenance(const std::string& id) const {
  return state_->services.at(id).is_in_maintenance;
}

std::size_t FakeConsulAgent::beats(const std::string& id) const { return state_->services.at(id).beats; }

std::size_t FakeConsulAgent::count(const std::string& method, const std::string& target) const {
  std::size_t number = 0;
  for (const ReceivedRequest& request : server_.requests()) {
    number += request.method == method && request.target.starts_with(target);
  }
  return number;
}

void FakeConsulAgent::forget(const std::string& id) {
  state_->services.erase(id);
  state_->change();
}

void FakeConsulAgent::change_tags(const std::string& id, const std::string& tag) {
  state_->services.at(id).known["Tags"] = json::array{json::value(tag)};
  touch(id);
}

void FakeConsulAgent::touch(const std::string& id) {
  state_->services.at(id).known["ContentHash"] = absl::StrCat("h", ++state_->versions);
  state_->change();
}

void FakeConsulAgent::demand_token(const std::string& token) {
  state_->token = token;
  state_->change();
}

void FakeConsulAgent::hide_hashes() { state_->hides_hashes = true; }

}  // namespace prometheus_async::testing
