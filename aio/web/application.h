// SPDX-License-Identifier: Apache-2.0
//
// What a server serves: routes, what stands around them, what they share, and what happens before the first request and
// after the last.
//
//   web::Application app;
//   app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
//   web::run_app(std::move(app), {.port = 8000});
#ifndef PROMETHEUS_ASYNC_AIO_WEB_APPLICATION_H_
#define PROMETHEUS_ASYNC_AIO_WEB_APPLICATION_H_

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "aio/web/app_key.h"
#include "aio/web/handler.h"
#include "aio/web/middleware.h"
#include "aio/web/request.h"
#include "aio/web/response.h"
#include "aio/web/router.h"

namespace prometheus_async::aio::web {

class Application;

struct ApplicationOptions {
  // The largest body of a request, in bytes. As in aiohttp, reading a larger one throws HttpError 413; who does not
  // read it answers as ever, and the connection ends. None: the server's own limit (ServerOptions::limits), which is
  // aiohttp's: 1 MiB. Of the application that is served, not of those within it.
  std::optional<std::uint64_t> client_max_size = {};
  // Cancels a handler whose client goes away: what it awaits ends with operation_aborted. As in aiohttp, off by
  // default: most handlers that change something are written to come to their end. Of the application that is served.
  bool handler_cancellation = false;
};

// Something that is done when an application starts or ends; a plain function, or one that is awaited.
class AppCallback {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, AppCallback> && std::invocable<std::decay_t<F>&, Application&>)
  AppCallback(F&& function)  // NOLINT(google-explicit-constructor): a function is a callback
      : function_(erase(std::forward<F>(function))) {}

  asio::awaitable<void> operator()(Application& app) const { return function_(app); }

 private:
  using Function = std::function<asio::awaitable<void>(Application&)>;

  template <class F>
  static Function erase(F&& function) {
    using Callable = std::decay_t<F>;
    if constexpr (std::is_same_v<std::invoke_result_t<Callable&, Application&>, asio::awaitable<void>>) {
      return Function(std::forward<F>(function));
    } else {
      return [callable = Callable(std::forward<F>(function))](Application& app) mutable -> asio::awaitable<void> {
        std::invoke(callable, app);
        co_return;
      };
    }
  }

  Function function_;
};

// What undoes a cleanup context; may be null.
using Cleanup = std::function<asio::awaitable<void>()>;
// Sets something up and returns what undoes it: aiohttp's generator of two halves.
using CleanupContext = std::function<asio::awaitable<Cleanup>(Application&)>;
// Sees each answer before its head goes out, those of errors included.
using ResponsePrepare = std::function<void(const Request&, Response&)>;

// More than one part of a cleanup has failed. what() has a line for each.
class CleanupError : public std::runtime_error {
 public:
  explicit CleanupError(std::vector<std::exception_ptr> errors);
  const std::vector<std::exception_ptr>& errors() const { return errors_; }

 private:
  std::vector<std::exception_ptr> errors_;
};

// Built up first, then moved into what serves it, which freezes it: from there on it only answers, without locks, and
// on as many threads as the server has.
//
// Sub-applications have routes under a prefix, and middlewares, keys, callbacks of their own; what is around the outer
// one is around them too. In what is said of an order, a sub-application stands where it was added.
//
// Lifetime: kept until the last of its connections has ended.
// Semantics: aiohttp.web.Application, except that keys are looked up in the outer applications too (its config_dict),
// that a middleware never sees an HttpError, and that one failing cleanup does not keep the others from running.
class Application {
 public:
  explicit Application(ApplicationOptions options = {});
  ~Application();
  Application(Application&&) noexcept;
  Application& operator=(Application&&) noexcept;

  const ApplicationOptions& options() const;

  Router& router();
  const Router& router() const;

  // Those added earlier are further out.
  void use(Middleware middleware);

  // Serves `app` under `prefix`: a path as "/admin", without names. As in aiohttp, its route "/" is at "/admin/", and a
  // route with the empty path "" at "/admin" itself. What was set of options in it has no effect.
  //
  // Throws std::invalid_argument for a malformed prefix. Returns the sub-application, at its place from now on.
  Application& add_subapp(std::string_view prefix, Application app);

  // Puts a value to share in its place. Until the end of startup(): a callback, or a cleanup context, may do it.
  template <class T>
  T& set(const AppKey<T>& key, T value) {
    return values().set(key, std::move(value));
  }
  // Here or in an outer application; null without one. Several threads may use the value if the server has several.
  template <class T>
  T* find(const AppKey<T>& key) const {
    return static_cast<T*>(find_value(&key));
  }
  // Throws std::out_of_range that names the key if it was not set.
  template <class T>
  T& get(const AppKey<T>& key) const {
    if (T* value = find(key)) return *value;
    throw std::out_of_range("the application has no value for the key \"" + std::string(key.name()) + "\"");
  }

  // Called in this order before the server listens: each cleanup context, then each callback. The first that fails
  // ends it: the contexts that were set up are undone, and nothing listens.
  void cleanup_ctx(CleanupContext context);
  void on_startup(AppCallback callback);
  // When no new request comes any more, while the last are being answered: to end what goes on for ever.
  void on_shutdown(AppCallback callback);
  // When the last answer was given: the contexts are undone in the opposite order, then each callback is called. All of
  // them, whichever fails.
  void on_cleanup(AppCallback callback);
  // Called for each answer of this application and of those within it; the outer one's first, and those of an answer
  // that no route gave are the outermost's alone.
  void on_response_prepare(ResponsePrepare callback);

  // Nothing can be added any more: what tries to throws std::logic_error. Once.
  //
  // Throws std::invalid_argument for routes of sub-applications that hide each other or this one's, and for a route
  // with an empty path that has no prefix.
  void freeze();

  // Done by what serves it. REQUIRES: frozen, in this order, on one thread.
  asio::awaitable<void> startup();
  asio::awaitable<void> shutdown();
  // Throws what failed, and CleanupError for several. Undoes nothing twice.
  asio::awaitable<void> cleanup();

  // The answer to a request, without a server too, with all that stands around handlers. Throws HttpError and what the
  // handler throws. REQUIRES: frozen; *this stays where it is until the answer is there.
  asio::awaitable<Response> handle(Request& request) const;
  // What gives that answer. The request knows its route from then on. The same lifetime and REQUIRES.
  const Handler& dispatch(Request& request) const;
  // Calls on_response_prepare's callbacks of the application that has answered, which handle() does not.
  void prepare(const Request& request, Response& response) const;

 private:
  struct State;

  void check_building(std::string_view what) const;
  // Throws std::logic_error once the application has started.
  KeyedValues& values();
  void* find_value(const void* key) const;

  std::unique_ptr<State> state_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_APPLICATION_H_
