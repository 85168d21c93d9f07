// SPDX-License-Identifier: Apache-2.0

#include "aio/web/application.h"

#include <algorithm>
#include <iterator>

#include "aio/web/http_error.h"

namespace prometheus_async::aio::web {
namespace {

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

std::string describe(const std::vector<std::exception_ptr>& errors) {
  std::string text = std::to_string(errors.size()) + " parts of the cleanup failed:";
  for (const std::exception_ptr& error : errors) text.append("\n").append(describe(error));
  return text;
}

Handler around(const std::vector<Middleware>& middlewares, Handler handler) {
  for (auto each = middlewares.rbegin(); each != middlewares.rend(); ++each) handler = each->around(std::move(handler));
  return handler;
}

// 404, 405, or to OPTIONS what there is.
Response unrouted_answer(std::string_view path, const Match& match) {
  if (match.allow.empty() && path.starts_with('/')) return HttpError(404).response();  // CONNECT, for one, has no path
  Response response = match.answers_options ? Response{204} : HttpError(405).response();
  response.headers.set("Allow", match.allow);
  return response;
}

}  // namespace

CleanupError::CleanupError(std::vector<std::exception_ptr> errors)
    : std::runtime_error(describe(errors)), errors_(std::move(errors)) {}

struct Application::State {
  explicit State(ApplicationOptions application_options) : options(application_options) {}

  // What answers a request that no route takes, with what stands around the application whose prefix it has.
  const Handler& unrouted(std::string_view path) const {
    for (const SubApplication& sub : subapps) {
      const std::string_view prefix = sub.prefix;
      if (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/')) {
        return sub.app->state_->unrouted(path);
      }
    }
    return no_route;
  }

  void add_prefix(const std::string& prefix) {
    router.add_prefix(prefix);
    for (SubApplication& sub : subapps) {
      sub.prefix.insert(0, prefix);
      sub.app->state_->add_prefix(prefix);
    }
  }

  // `outside` is what stands around the outer application.
  void freeze(std::vector<Middleware> outside, const Application* self) {
    is_frozen = true;
    outside.insert(outside.end(), middlewares.begin(), middlewares.end());
    router.decorate([&](Handler handler) { return around(outside, std::move(handler)); }, self);
    no_route = around(outside, std::move(no_route));
    for (SubApplication& sub : subapps) {
      sub.app->state_->outer = this;
      sub.app->state_->freeze(outside, sub.app.get());
      router.mount(sub.app->router());
    }
    router.freeze();
  }

  void prepare(const Request& request, Response& response) const {
    if (outer != nullptr) outer->prepare(request, response);
    for (const ResponsePrepare& callback : on_response_prepare) callback(request, response);
  }

  // The cleanup contexts that were set up, here and within, the last one first.
  asio::awaitable<void> undo(std::vector<std::exception_ptr>& errors, bool within) {
    if (within) {
      for (auto sub = subapps.rbegin(); sub != subapps.rend(); ++sub) co_await sub->app->state_->undo(errors, true);
    }
    while (!cleanups.empty()) {
      const Cleanup cleanup = std::move(cleanups.back());  // lives as long as its coroutine
      cleanups.pop_back();
      try {
        if (cleanup) co_await cleanup();
      } catch (...) {
        errors.push_back(std::current_exception());
      }
    }
  }

  struct SubApplication {
    std::string prefix;  // the whole of it, in the form that requests are matched in
    std::unique_ptr<Application> app;
  };

  const ApplicationOptions options;
  Router router;
  std::vector<Middleware> middlewares;
  KeyedValues values;
  std::vector<SubApplication> subapps;
  const State* outer = nullptr;

  std::vector<CleanupContext> contexts;
  std::vector<AppCallback> on_startup;
  std::vector<AppCallback> on_shutdown;
  std::vector<AppCallback> on_cleanup;
  std::vector<ResponsePrepare> on_response_prepare;
  std::vector<Cleanup> cleanups;  // of the contexts that were set up

  Handler no_route = [](Request& request) { return std::move(*request.unrouted_); };
  bool is_frozen = false;
  bool has_started = false;
  bool is_cleaned_up = false;
};

Application::Application(ApplicationOptions options) : state_(std::make_unique<State>(options)) {}
Application::~Application() = default;
Application::Application(Application&&) noexcept = default;
Application& Application::operator=(Application&&) noexcept = default;

const ApplicationOptions& Application::options() const { return state_->options; }
Router& Application::router() { return state_->router; }
const Router& Application::router() const { return state_->router; }

void Application::use(Middleware middleware) {
  check_building("use()");
  state_->middlewares.push_back(std::move(middleware));
}

Application& Application::add_subapp(std::string_view prefix, Application app) {
  check_building("add_subapp()");
  const auto reject = [prefix](std::string_view rule) {
    throw std::invalid_argument("prefix \"" + std::string(prefix) + "\": " + std::string(rule));
  };
  if (!prefix.starts_with('/')) reject("does not begin with /");
  if (prefix.ends_with('/')) reject("ends with /");
  if (prefix.find_first_of("{}?#%") != std::string_view::npos) reject("is plain text, without names, queries, escapes");
  app.check_building("add_subapp()");
  app.state_->add_prefix(std::string(prefix));
  auto& sub = *state_->subapps.emplace_back(std::string(prefix), std::make_unique<Application>(std::move(app))).app;
  on_startup([&sub](Application&) { return sub.startup(); });
  on_shutdown([&sub](Application&) { return sub.shutdown(); });
  on_cleanup([&sub](Application&) { return sub.cleanup(); });
  return sub;
}

void Application::cleanup_ctx(CleanupContext context) {
  check_building("cleanup_ctx()");
  state_->contexts.push_back(std::move(context));
}

void Application::on_startup(AppCallback callback) {
  check_building("on_startup()");
  state_->on_startup.push_back(std::move(callback));
}

void Application::on_shutdown(AppCallback callback) {
  check_building("on_shutdown()");
  state_->on_shutdown.push_back(std::move(callback));
}

void Application::on_cleanup(AppCallback callback) {
  check_building("on_cleanup()");
  state_->on_cleanup.push_back(std::move(callback));
}

void Application::on_response_prepare(ResponsePrepare callback) {
  check_building("on_response_prepare()");
  state_->on_response_prepare.push_back(std::move(callback));
}

void Application::freeze() {
  check_building("freeze()");
  for (const Route* route : router().routes()) {
    if (route->path().empty()) {
      throw std::invalid_argument("route \"\": does not begin with /, and the application is not a sub-application");
    }
  }
  state_->freeze({}, nullptr);
}

asio::awaitable<void> Application::startup() {
  std::exception_ptr failure;
  try {
    for (const CleanupContext& context : state_->contexts) {
      Cleanup cleanup = co_await context(*this);
      state_->cleanups.push_back(std::move(cleanup));
    }
    for (const AppCallback& callback : state_->on_startup) co_await callback(*this);
  } catch (...) {
    failure = std::current_exception();
  }
  state_->has_started = true;
  if (!failure) co_return;
  std::vector<std::exception_ptr> further;  // the first failure is what is wrong
  co_await state_->undo(further, true);
  state_->is_cleaned_up = true;
  std::rethrow_exception(failure);
}

asio::awaitable<void> Application::shutdown() {
  std::exception_ptr failure;
  for (const AppCallback& callback : state_->on_shutdown) {
    try {
      co_await callback(*this);
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> Application::cleanup() {
  if (!state_->has_started || std::exchange(state_->is_cleaned_up, true)) co_return;
  std::vector<std::exception_ptr> errors;
  co_await state_->undo(errors, false);
  for (const AppCallback& callback : state_->on_cleanup) {
    try {
      co_await callback(*this);
    } catch (...) {
      errors.push_back(std::current_exception());
    }
  }
  if (errors.size() == 1) std::rethrow_exception(errors.front());
  if (!errors.empty()) throw CleanupError(std::move(errors));
}

const Handler& Application::dispatch(Request& request) const {
  const std::string_view path = request.head_.target.routing_path();
  Match match = state_->router.match(request.method(), path);
  request.app_ = this;
  if (match.route != nullptr) {
    if (match.route->app() != nullptr) request.app_ = match.route->app();
    request.match_info_ = std::move(match.info);
    return match.route->handler();
  }
  request.unrouted_ = std::make_unique<Response>(unrouted_answer(path, match));
  return state_->unrouted(path);
}

asio::awaitable<Response> Application::handle(Request& request) const { return dispatch(request)(request); }

void Application::prepare(const Request& request, Response& response) const { state_->prepare(request, response); }

void Application::check_building(std::string_view what) const {
  if (state_->is_frozen) throw std::logic_error(std::string(what) + ": the application serves already");
}

KeyedValues& Application::values() {
  if (state_->has_started) throw std::logic_error("set(): the application has started already");
  return state_->values;
}

void* Application::find_value(const void* key) const {
  for (const State* state = state_.get(); state != nullptr; state = state->outer) {
    if (void* value = state->values.find_untyped(key)) return value;
  }
  return nullptr;
}

}  // namespace prometheus_async::aio::web
