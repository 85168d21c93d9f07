// SPDX-License-Identifier: Apache-2.0
// Input: lines. "+METHOD TEMPLATE" adds a route; any other is "METHOD TARGET" and matched with all of them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "aio/http/target.h"
#include "aio/web/response.h"
#include "aio/web/router.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace http = aio::http;
namespace web = aio::web;

constexpr std::size_t kMostRoutes = 40;   // more than there may be names at one place
constexpr std::size_t kMostTargets = 16;  // so that an input takes no longer than it has to

struct Routes {
  web::Router all;
  std::vector<std::unique_ptr<web::Router>> each;  // one of `all` in each
};

void add(Routes& routes, std::string_view line) {
  const std::string_view method = take_until(line, ' ');
  const web::Handler handler = [](web::Request&) { return web::Response(); };
  const std::string name = "route" + std::to_string(routes.each.size());
  try {
    routes.all.add_route(method, line, handler, {.name = name});
  } catch (const std::invalid_argument& error) {
    const std::string_view named = line.substr(0, line.find('\0'));  // what() ends there
    require(std::string_view(error.what()).starts_with("route \"" + std::string(named)),
            "who refuses a route names it");
    return;
  }
  auto alone = std::make_unique<web::Router>();
  alone->add_route(method, line, handler, {.name = name});  // what goes beside others goes alone
  routes.each.push_back(std::move(alone));
}

std::ptrdiff_t slashes(std::string_view path) { return std::count(path.begin(), path.end(), '/'); }

// A path that a server would give to the router: its route makes it, or one that means the same, of the values.
void check_url(const Routes& routes, std::string_view method, std::string_view path, const web::Match& match) {
  web::UrlValues values;
  for (const auto& [name, value] : match.info.items()) values.emplace_back(name, value);
  const std::string url = routes.all.url_for(match.route->name(), values, {{"a b", "c&d"}});
  http::Target target;
  require(target.assign(method, url).ok(), "a URL is a target");
  // A tail's value has a slash for a %2F, and so has its URL, which another route may be closer to.
  if (slashes(target.routing_path()) != slashes(path)) return;
  const web::Match again = routes.all.match(method, target.routing_path());
  require(again.route == match.route, "a URL goes to its route");
  require(again.info.items() == match.info.items(), "a URL has its values");
}

void match(const Routes& routes, std::string_view method, std::string_view path) {
  const web::Match found = routes.all.match(method, path);
  bool is_known_alone = false;
  bool is_found_alone = false;
  for (const auto& alone : routes.each) {
    const web::Match match = alone->match(method, path);
    is_found_alone |= match.route != nullptr;
    is_known_alone |= match.route != nullptr || !match.allow.empty();
  }
  require_equal(found.route != nullptr, is_found_alone, "a route is found among others if it is found alone");
  require_equal(found.route != nullptr || !found.allow.empty(), is_known_alone, "a path is known if a route knows it");
  require(!found.answers_options || (found.route == nullptr && method == "OPTIONS"), "who answers OPTIONS");
  if (found.route != nullptr) require_equal(found.info.route(), found.route->path(), "values are of the route");
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace prometheus_async::fuzz;
  Routes routes;
  std::vector<std::string_view> targets;
  for (std::string_view input = as_text(data, size); !input.empty();) {
    std::string_view line = take_until(input, '\n');
    if (!line.starts_with('+')) {
      if (targets.size() < kMostTargets) targets.push_back(line);
    } else if (routes.each.size() < kMostRoutes) {
      add(routes, line.substr(1));
    }
  }
  for (std::string_view text : targets) {
    const std::string_view method = take_until(text, ' ');
    match(routes, method, text);
    http::Target target;
    if (!target.assign(method, text).ok()) continue;
    match(routes, method, target.routing_path());
    const web::Match found = routes.all.match(method, target.routing_path());
    if (found.route == nullptr || target.form() != http::Target::Form::kOrigin) continue;
    check_url(routes, method, target.routing_path(), found);
  }
  return 0;
}
