// SPDX-License-Identifier: Apache-2.0
#include "sd/consul_agent.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <boost/system/system_error.hpp>

#include "sd/http_client.h"

namespace prometheus_async::sd {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kDeregisterTimeout{2000};  // closing a server must not hang on its agent
constexpr std::size_t kMaxReasonBytes = 300;
constexpr std::size_t kMaxIdBytes = 255;
constexpr std::size_t kMaxMetaPairs = 62;  // the agent's 64, less the two that are added
constexpr std::size_t kMaxMetaKeyBytes = 128;
constexpr std::size_t kMaxMetaValueBytes = 512;

// Checks of what the agent would reject, or accept and change.

void require(bool condition, const std::string& option, const std::string& value, const std::string& rule) {
  if (condition) return;
  throw std::invalid_argument(absl::StrCat("Consul registration: ", option, " '", value, "' ", rule));
}

bool consists_of(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || marks.find(static_cast<char>(c)) != marks.npos;
  });
}

// IDs with other characters register, and some of them can then not be removed by any URL.
void require_id(const std::string& id) {
  const bool valid = !id.empty() && id.size() <= kMaxIdBytes && consists_of(id, "._~:-") && id != "." && id != "..";
  require(valid, "service_id", id, "is not 1 to 255 characters of [A-Za-z0-9._~:-], or is a dot segment");
}

void require_address(const std::string& option, const std::string& address) {
  boost::system::error_code not_an_ip;
  const asio::ip::address ip = asio::ip::make_address(address, not_an_ip);
  if (not_an_ip) {
    require(!address.empty() && consists_of(address, "._-"), option, address,
            "is neither an IP address without brackets nor a host name");
  } else {
    require(!ip.is_unspecified(), option, address, "is a wildcard");
  }
}

void require_meta(const std::string& key, const std::string& value) {
  require(!key.empty() && key.size() <= kMaxMetaKeyBytes && consists_of(key, "_-"), "the meta key", key,
          "is not 1 to 128 characters of [A-Za-z0-9_-]");
  require(value.size() <= kMaxMetaValueBytes, "the value of the meta key", key, "is longer than 512 bytes");
}

void require_agent(const std::string& url) {
  try {
    printable_url(url);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(absl::StrCat("Consul registration: agent: ", error.what()));
  }
  if (url.find_first_of("?#") != url.npos) {
    throw std::invalid_argument("Consul registration: agent: the URL has a query or a fragment");
  }
}

void check(const ConsulOptions& options) {
  require(!options.name.empty(), "name", options.name, "is empty");
  if (!options.service_id.empty()) require_id(options.service_id);
  for (const auto& [key, value] : options.meta) require_meta(key, value);
  require(options.meta.size() <= kMaxMetaPairs, "meta", absl::StrCat(options.meta.size(), " pairs"),
          "exceeds 62 pairs");
  require(
      std::none_of(options.token.begin(), options.token.end(), [](unsigned char c) { return !absl::ascii_isgraph(c); }),
      "token", "...", "has a space, control or non-ASCII character in it");
  require_agent(options.agent);
  if (!options.advertise_address.empty()) require_address("advertise_address", options.advertise_address);
  require(options.check_interval >= std::chrono::seconds(1), "check_interval",
          absl::StrCat(options.check_interval.count(), "s"), "is shorter than 1 s");
  require(options.timeout > options.timeout.zero(), "timeout", absl::StrCat(options.timeout.count(), "ms"),
          "is not positive");
  if (const auto after = options.deregister_critical_service_after) {
    require(*after >= std::chrono::minutes(1), "deregister_critical_service_after", absl::StrCat(after->count(), "s"),
            "is shorter than 1 min");
  }
}

void check(const Endpoint& endpoint) {
  require(endpoint.scheme == "http" || endpoint.scheme == "https", "scheme", endpoint.scheme,
          "is neither http nor https");
  require(endpoint.port != 0, "port", "0", "is not a port that a server listens on");
  if (!endpoint.is_wildcard()) require_address("address", endpoint.address);
  require(endpoint.path.starts_with('/'), "path", endpoint.path, "does not begin with a slash");
  require(endpoint.health_path.starts_with('/'), "health_path", endpoint.health_path, "does not begin with a slash");
  require_meta("metrics_path", endpoint.path);
}

// One service at one agent: what registering it and taking it out again need.
struct Registration {
  std::string agent;            // without a slash at its end
  std::string printable_agent;  // the same without user and password
  std::string token;
  std::string name;
  std::string id;
};

std::string default_id(const ConsulOptions& options, const Endpoint& endpoint) {
  std::string host = options.advertise_address;
  if (host.empty()) host = endpoint.is_wildcard() ? asio::ip::host_name() : endpoint.address;
  return absl::StrCat(options.name, "-", host, "-", endpoint.port);
}

Registration make_registration(const ConsulOptions& options, const Endpoint& endpoint) {
  Registration registration{
      .agent = options.agent,
      .printable_agent = printable_url(options.agent),
      .token = options.token,
      .name = options.name,
      .id = options.service_id.empty() ? default_id(options, endpoint) : options.service_id,
  };
  for (std::string* url : {&registration.agent, &registration.printable_agent}) {
    if (url->ends_with('/')) url->pop_back();
  }
  require_id(registration.id);
  return registration;
}

std::string payload(const ConsulOptions& options, const Endpoint& endpoint, const std::string& id) {
  Endpoint page = endpoint;
  page.path = endpoint.health_path;
  json::object check{{"HTTP", page.url()}, {"Interval", absl::StrCat(options.check_interval.count(), "s")}};
  if (const auto after = options.deregister_critical_service_after) {
    check["DeregisterCriticalServiceAfter"] = absl::StrCat(after->count(), "s");
  }

  std::map<std::string, std::string> meta = options.meta;
  meta.try_emplace("metrics_path", endpoint.path);
  meta.try_emplace("metrics_scheme", endpoint.scheme);

  json::object service{
      {"Name", options.name},
      {"ID", id},
      {"Tags", json::value_from(options.tags)},
      {"Port", endpoint.port},
      {"Meta", json::value_from(meta)},
      {"Check", std::move(check)},
  };
  const bool advertised = !options.advertise_address.empty();
  if (advertised || !endpoint.is_wildcard()) {  // without one Consul takes the node's
    const std::string& address = advertised ? options.advertise_address : endpoint.address;
    require(address.find('%') == address.npos, "address", address, "has a zone, which means nothing to another host");
    service["Address"] = address;
  }
  return json::serialize(service);
}

// The first line of what the agent wrote, fit for a message: short, printable, without the token should it be echoed.
std::string first_line(std::string_view body, const std::string& token) {
  std::string line(body.substr(0, body.find('\n')));
  if (!token.empty()) line = absl::StrReplaceAll(line, {{token, "<token>"}});
  line.resize(std::min(line.size(), kMaxReasonBytes));  // last, or it might leave a piece of the token
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); }, ' ');
  return std::string(absl::StripAsciiWhitespace(line));
}

ConsulError error(const Registration& registration, const std::string& verb, std::error_code code,
                  const std::string& reason) {
  std::string what = absl::StrCat("cannot ", verb, " service '", registration.name, "' (ID '", registration.id,
                                  "') with the Consul agent at ", registration.printable_agent);
  if (!reason.empty()) absl::StrAppend(&what, ": ", reason);
  return ConsulError(code, what);
}

ConsulError refusal(const Registration& registration, const std::string& verb, const HttpResponse& response) {
  return error(registration, verb, {response.status, http_status_category()},
               first_line(response.body, registration.token));
}

asio::awaitable<HttpResponse> put(const Registration& registration, std::string path, std::string body,
                                  std::chrono::milliseconds timeout) {
  HttpRequest request{.method = "PUT", .url = registration.agent + path, .body = std::move(body), .timeout = timeout};
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!registration.token.empty()) request.headers.push_back({"X-Consul-Token", registration.token});
  const auto executor = co_await asio::this_coro::executor;
  HttpClient client(executor);
  co_return co_await client.perform(std::move(request));
}

bool is_gone(const HttpResponse& response) {
  // Consul 1.8.7 with ACLs has the 500, newer versions the 404.
  return response.status / 100 == 2 || response.status == 404 ||
         (response.status == 500 && response.body.starts_with("Unknown service"));
}

asio::awaitable<void> leave(std::shared_ptr<const Registration> registration) {
  // Of the characters of an ID only the colon is reserved in URLs.
  std::string path =
      absl::StrCat("/v1/agent/service/deregister/", absl::StrReplaceAll(registration->id, {{":", "%3A"}}));
  HttpResponse response;
  try {
    response = co_await put(*registration, std::move(path), "", kDeregisterTimeout);
  } catch (const HttpError& seen) {
    throw error(*registration, "deregister", seen.code(), seen.reason());
  }
  if (!is_gone(response)) throw refusal(*registration, "deregister", response);
}

asio::awaitable<void> stay() { co_return; }

asio::awaitable<void> leave_quietly(std::shared_ptr<const Registration> registration) {
  try {
    co_await leave(std::move(registration));
  } catch (const std::exception&) {  // whoever awaits this is about to throw what led here
  }
}

asio::awaitable<Deregister> join(std::shared_ptr<const ConsulOptions> options, Endpoint endpoint) {
  check(endpoint);
  const auto registration = std::make_shared<const Registration>(make_registration(*options, endpoint));
  std::string body = payload(*options, endpoint, registration->id);

  HttpResponse response;
  std::exception_ptr failure;
  try {
    response = co_await put(*registration, "/v1/agent/service/register?replace-existing-checks=true", std::move(body),
                            options->timeout);
  } catch (const HttpError& seen) {
    failure = std::make_exception_ptr(error(*registration, "register", seen.code(), seen.reason()));
  } catch (const boost::system::system_error&) {
    failure = std::current_exception();  // cancelled
  }
  if (failure) {
    // Runs to its end though this coroutine has been, or is now, cancelled; its cancellation state stays as it was.
    asio::awaitable<void> leaving = leave_quietly(registration);
    const auto executor = co_await asio::this_coro::executor;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::co_spawn(executor, std::move(leaving),
                            asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
    co_await asio::this_coro::throw_if_cancelled(throws);
    std::rethrow_exception(failure);
  }
  if (response.status != 200) throw refusal(*registration, "register", response);
  if (!options->deregister) co_return Deregister(stay);
  co_return Deregister([registration] { return leave(registration); });
}

}  // namespace

ConsulAgent::ConsulAgent(ConsulOptions options) {
  check(options);
  options_ = std::make_shared<const ConsulOptions>(std::move(options));
}

asio::awaitable<Deregister> ConsulAgent::enroll(Endpoint endpoint) const { return join(options_, std::move(endpoint)); }

}  // namespace prometheus_async::sd
