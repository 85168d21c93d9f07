// SPDX-License-Identifier: Apache-2.0

#include "tx/web/klein_resource.h"

#include <algorithm>
#include <cstddef>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aio/http/percent.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/unhandled.h"
#include "tx/web/http_exception.h"
#include "tx/web/internal/klein_app.h"
#include "tx/web/internal/route_result.h"
#include "tx/web/klein_request.h"
#include "tx/web/response.h"
#include "tx/web/url_map.h"

namespace prometheus_async::tx::web {
namespace {

using internal::RouteResult;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_valid_utf8(const std::vector<std::string>& segments) {
  return std::all_of(segments.begin(), segments.end(),
                     [](const std::string& segment) { return is_ascii(segment) || aio::http::is_valid_utf8(segment); });
}

std::vector<std::string> split_at_commas(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    items.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return items;
}

void put_onto(Request& request, const Response& response) {
  request.set_response_code(response.code);
  aio::http::Headers& headers = request.response_headers();
  for (std::size_t i = 0; i < response.headers.size(); ++i) headers.remove(response.headers[i].name);
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    headers.add(response.headers[i].name, response.headers[i].value);
  }
}

}  // namespace

// One request on its way through the application: kept by the callbacks of the function's Deferred.
class KleinExchange : public std::enable_shared_from_this<KleinExchange> {
 public:
  KleinExchange(std::shared_ptr<internal::KleinApp> app, Request& request)
      : app_(std::move(app)), kept_(request.shared_from_this()), request_(request), klein_(request, app_->map) {}

  Body run() {
    Deferred<Body> body = with_error_functions(rendered(call_route()), 0);
    if (std::optional<Result<Body>> result = body.take_result()) return answer_now(std::move(*result));
    (void)request_.notify_finish().add_errback([handle = body.cancel_handle()](Failure&&) { handle.cancel(); });
    (void)std::move(body).add_both(
        [self = shared_from_this()](Result<Body>&& result) { self->answer(std::move(result)); });
    return NOT_DONE_YET;
  }

 private:
  // --- Routing and calling.

  Deferred<RouteResult> call_route() {
    std::vector<std::string>& path = request_.postpath();
    if (path.empty()) path.emplace_back();
    UrlMap::Routed routed = app_->map.match(request_.method(), path);
    if (auto* redirect = std::get_if<UrlMap::Redirect>(&routed)) {
      std::string location = klein_.mounted(redirect->path);
      if (const auto query = request_.target().query_string(); !query.empty()) location.append("?").append(query);
      return fail<RouteResult>(RequestRedirect(location));
    }
    if (auto* none = std::get_if<UrlMap::NoMatch>(&routed)) {
      if (none->allowed.empty()) return fail<RouteResult>(NotFound());
      return fail<RouteResult>(MethodNotAllowed(std::move(none->allowed)));
    }
    auto& match = std::get<UrlMap::Match>(routed);
    const internal::KleinApp::Route& route = app_->routes.at(match.rule);
    klein_.rule_ = match.rule;
    values_ = std::move(match.values);
    if (route.has_rest) values_.pop_back();
    take_path(route);
    return route.function->call(klein_, values_);
  }

  // From postpath to prepath: what the route matched. A slash behind it leaves nothing.
  void take_path(const internal::KleinApp::Route& route) {
    std::vector<std::string>& prepath = request_.prepath();
    std::vector<std::string>& postpath = request_.postpath();
    const bool has_slash = !route.has_rest && postpath.back().empty();
    const auto taken = route.has_rest ? route.segments : postpath.size() - (has_slash ? 1 : 0);
    for (std::size_t i = 0; i < taken; ++i) prepath.push_back(std::move(postpath[i]));
    postpath.erase(postpath.begin(), postpath.begin() + static_cast<std::ptrdiff_t>(taken));
    if (has_slash) postpath.clear();
    if (route.has_rest) klein_.branch_segments_ = postpath;
  }

  Deferred<Body> rendered(Deferred<RouteResult> result) {
    return std::move(result).add_callback(
        [self = shared_from_this()](RouteResult&& settled) { return self->render(std::move(settled)); });
  }

  Body render(RouteResult&& result) {
    if (auto* body = std::get_if<Body>(&result)) return std::move(*body);
    if (auto* response = std::get_if<Response>(&result)) {
      if (!is_over()) put_onto(request_, *response);
      return std::move(response->body);
    }
    auto* resource = std::get_if<ResourcePtr>(&result);
    if (resource == nullptr || is_over()) return std::string();
    const ResourcePtr child = get_child_for_request(std::move(*resource), request_);
    try {
      Body body = child->render(request_);
      if (!body.is_done()) request_.keep(child.get());
      return body;
    } catch (const UnsupportedMethod& error) {
      const std::string_view method = request_.method();
      if (method != "GET" && method != "HEAD" && method != "POST") throw HttpException(501);
      throw MethodNotAllowed(split_at_commas(error.allowed()));
    }
  }

  // --- Failures.

  Deferred<Body> with_error_functions(Deferred<Body> body, std::size_t first) {
    if (first < app_->error_functions.size()) {
      body.add_errback(
          [self = shared_from_this(), first](Failure&& failure) { return self->handle(std::move(failure), first); });
    }
    return body;
  }

  Deferred<Body> handle(Failure failure, std::size_t first) {
    const auto& functions = app_->error_functions;
    for (std::size_t i = first; i < functions.size() && !is_over(); ++i) {
      if (!functions[i]->takes(failure)) continue;
      failures_.push_front(std::move(failure));
      return with_error_functions(rendered(functions[i]->call(klein_, failures_.front())), i + 1);
    }
    return fail<Body>(std::move(failure));
  }

  // --- The answer.

  // Nobody waits for one any more: it was given already, or the client is gone.
  bool is_over() const { return request_.is_finished() || request_.is_disconnected(); }

  // What is left to be sent; nullopt if that is no longer, or not yet, to be done.
  std::optional<std::string> bytes_of(Result<Body>&& result) {
    if (!result) return bytes_of_failure(result.failure());
    if (!result->is_done()) return std::nullopt;
    if (request_.is_finished()) {
      if (!result->bytes().empty()) {
        report_unhandled_failure(Failure::make<WriteAfterFinishError>(
            "a function of Klein finished the request and then returned a text for it"));
      }
      return std::nullopt;
    }
    return std::move(*result).bytes();
  }

  std::optional<std::string> bytes_of_failure(const Failure& failure) {
    if (is_over()) {
      if (failure.check<CancelledError>() == nullptr) report_unhandled_failure(failure);
      if (!request_.is_finished()) request_.finish();
      return std::nullopt;
    }
    if (const auto* error = failure.check<HttpException>()) {
      put_onto(request_, error->response());
      return error->response().body;
    }
    request_.processing_failed(failure);
    return std::nullopt;
  }

  Body answer_now(Result<Body>&& result) {
    std::optional<std::string> bytes = bytes_of(std::move(result));
    if (!bytes) return NOT_DONE_YET;
    return std::move(*bytes);
  }

  void answer(Result<Body>&& result) {
    const std::optional<std::string> bytes = bytes_of(std::move(result));
    if (!bytes) return;
    request_.write(*bytes);
    request_.finish();
  }

  const std::shared_ptr<internal::KleinApp> app_;
  const std::shared_ptr<Request> kept_;
  Request& request_;
  KleinRequest klein_;
  std::vector<std::string> values_;
  std::forward_list<Failure> failures_;  // that error functions were called with
};

Body KleinResource::render(Request& request) {
  if (!is_valid_utf8(request.postpath())) {
    request.set_response_code(400);
    request.set_header("Content-Type", "text/plain");
    return "Non-UTF-8 encoding in URL.";
  }
  return std::make_shared<KleinExchange>(app_, request)->run();
}

}  // namespace prometheus_async::tx::web
