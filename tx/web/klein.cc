// SPDX-License-Identifier: Apache-2.0

#include "tx/web/klein.h"

#include <cstddef>
#include <stdexcept>

#include "tx/web/url_rule.h"

namespace prometheus_async::tx::web {
namespace {

std::string_view without_slashes_behind(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::size_t count_segments(const UrlRule& rule) {
  const UrlRule::Segment& last = rule.segments().back();
  return rule.segments().size() - (last.before.empty() && !last.converter ? 1 : 0);
}

}  // namespace

Klein::Klein() : app_(std::make_shared<internal::KleinApp>()) {}

Klein::Prefix::Prefix(Klein& klein, std::string_view prefix)
    : prefix_(klein.prefix_), outer_size_(klein.prefix_.size()) {
  prefix_.append(without_slashes_behind(prefix));
}

Klein::Prefix::~Prefix() { prefix_.resize(outer_size_); }

void Klein::add_route(std::string_view pattern, RouteOptions options,
                      std::shared_ptr<internal::RouteFunction> function) {
  if (!pattern.starts_with('/')) {
    throw std::invalid_argument("route \"" + std::string(pattern) + "\": does not begin with /");
  }
  const std::string whole = prefix_ + std::string(pattern);
  UrlRuleOptions rule_options{
      .endpoint = options.endpoint.empty() ? whole : std::move(options.endpoint),
      .methods = std::move(options.methods),
      .strict_slashes = options.strict_slashes && !(options.branch && !pattern.ends_with('/')),
  };
  UrlRule rule(whole, rule_options);
  internal::check_parameters(rule, function->parameters());
  const std::size_t segments = count_segments(rule);
  if (options.branch) {
    rule_options.endpoint += "_branch";
    UrlRule below(std::string(without_slashes_behind(whole)) + "/<path:__rest__>", std::move(rule_options));
    app_->routes[&app_->map.add(std::move(below))] = {function, segments, true};
  }
  app_->routes[&app_->map.add(std::move(rule))] = {std::move(function), segments, false};
}

void Klein::add_error_function(std::unique_ptr<internal::ErrorFunction> function) {
  app_->error_functions.push_back(std::move(function));
}

std::string Klein::url_for(std::string_view endpoint, const UrlValues& values, const UrlForOptions& options) const {
  if (options.force_external) {
    throw std::invalid_argument("url_for(\"" + std::string(endpoint) + "\"): an external URL needs a request");
  }
  return app_->map.build(endpoint, values, options.method, options.append_unknown);
}

std::string Klein::url_for(const Request& request, std::string_view endpoint, const UrlValues& values,
                           const UrlForOptions& options) const {
  std::string path = app_->map.build(endpoint, values, options.method, options.append_unknown);
  return options.force_external ? make_external(request, path) : path;
}

}  // namespace prometheus_async::tx::web
