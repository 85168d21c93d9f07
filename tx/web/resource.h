// SPDX-License-Identifier: Apache-2.0
//
// A thing with a URL, and the tree of those that a Site serves. A resource answers requests by methods of its own, and
// has children: named ones, and any that it makes up when asked.
//
//   class Hello : public tx::web::Resource {
//    public:
//     tx::web::Body render_get(tx::web::Request&) override { return "hello"; }
//   };
//
//   tx::web::Resource root;
//   root.put_child("", Hello());
//   root.put_child("metrics", tx::web::MetricsResource());
//   reactor.listen_tcp(8000, tx::web::Site(std::move(root)));
#ifndef PROMETHEUS_ASYNC_TX_WEB_RESOURCE_H_
#define PROMETHEUS_ASYNC_TX_WEB_RESOURCE_H_

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tx/web/body.h"
#include "tx/web/request.h"

namespace prometheus_async::tx::web {

class Resource;

// What render() throws for a method that the resource has not. The site answers 405 with Allow to GET, HEAD and POST,
// and 501 to others, as twisted.web.
class UnsupportedMethod : public std::exception {
 public:
  // "GET,HEAD", or empty.
  explicit UnsupportedMethod(std::string allowed) : allowed_(std::move(allowed)) {}

  const std::string& allowed() const { return allowed_; }
  const char* what() const noexcept override { return "the resource has not this method"; }

 private:
  std::string allowed_;
};

// A resource of any type, shared. Made of a resource by value, which is moved, or of a pointer to one.
class ResourcePtr {
 public:
  template <class R>
    requires std::derived_from<std::remove_cvref_t<R>, Resource>
  ResourcePtr(R&& resource)  // NOLINT(google-explicit-constructor): a resource is one
      : ResourcePtr(std::make_shared<std::remove_cvref_t<R>>(std::forward<R>(resource))) {}
  // Throws std::invalid_argument for null.
  template <class R>
    requires std::derived_from<R, Resource>
  ResourcePtr(std::shared_ptr<R> resource);  // NOLINT(google-explicit-constructor)
  template <class R>
    requires std::derived_from<R, Resource>
  ResourcePtr(std::unique_ptr<R> resource)  // NOLINT(google-explicit-constructor)
      : ResourcePtr(std::shared_ptr<R>(std::move(resource))) {}

  Resource& operator*() const { return *resource_; }
  Resource* operator->() const { return resource_.get(); }
  const std::shared_ptr<Resource>& get() const { return resource_; }

 private:
  std::shared_ptr<Resource> resource_;
};

// Put together first, then given to a Site; children may be added later too. Threads: the reactor's.
// Semantics: twisted.web.resource.Resource.
class Resource {
 public:
  Resource() = default;
  virtual ~Resource();
  Resource(Resource&&) = default;
  Resource& operator=(Resource&&) = default;

  // --- The tree.

  // Under `name`, decoded, in place of an earlier one. "" is the resource itself with a slash behind it: "/" of the
  // root.
  void put_child(std::string_view name, ResourcePtr child);
  // The child of that name, or else what get_child() makes up.
  virtual ResourcePtr get_child_with_default(std::string_view name, Request& request);
  // For a name without a child: a page that says 404. Overridden by resources with children that they do not know in
  // advance.
  virtual ResourcePtr get_child(std::string_view name, Request& request);
  // Whether the path below belongs to this resource, in Request::postpath(), instead of to its children.
  virtual bool is_leaf() const { return false; }

  // --- The answer.

  // By the request's method, one of those below. What it throws is answered with 500.
  virtual Body render(Request& request);

  // Each throws UnsupportedMethod. A HEAD that is not overridden is a GET whose body the connection does not send.
  virtual Body render_get(Request& request);
  virtual Body render_head(Request& request);
  virtual Body render_post(Request& request);
  virtual Body render_put(Request& request);
  virtual Body render_delete(Request& request);
  virtual Body render_options(Request& request);
  virtual Body render_patch(Request& request);

  // The methods that it has, "GET,HEAD": those that are overridden, as far as the type is known that it was put into
  // the tree with.
  virtual std::string allowed_methods() const;

 private:
  friend class ResourcePtr;

  template <class R>
  static constexpr std::uint8_t overridden();

  [[noreturn]] void throw_unsupported() const;

  std::map<std::string, ResourcePtr, std::less<>> children_;
  std::uint8_t methods_ = 0;  // bits in the order of kMethods
};

// The resource that the rest of the path leads to, from `resource` on. Moves segments from postpath to prepath.
ResourcePtr get_child_for_request(ResourcePtr resource, Request& request);

// Renders what get_child_for_request() finds, and keeps it until the request goes. An exception and a method that it
// has not become pages, as in a Site: nothing is thrown.
Body render_request(ResourcePtr resource, Request& request);

// --- Details.

template <class R>
  requires std::derived_from<R, Resource>
ResourcePtr::ResourcePtr(std::shared_ptr<R> resource) : resource_(std::move(resource)) {
  if (resource_ == nullptr) throw std::invalid_argument("prometheus_async: a null pointer is no resource");
  if constexpr (!std::same_as<R, Resource>) resource_->methods_ = Resource::overridden<R>();
}

template <class R>
constexpr std::uint8_t Resource::overridden() {
  std::uint8_t bits = 0;
  std::uint8_t bit = 1;
  // The pointer to a member that R only inherits is one of Resource's. One that is private cannot be seen from here,
  // and is R's own.
#define PROMETHEUS_ASYNC_OVERRIDDEN(name)                                     \
  if constexpr (!requires {                                                   \
                  { &R::name } -> std::same_as<Body (Resource::*)(Request&)>; \
                }) {                                                          \
    bits |= bit;                                                              \
  }                                                                           \
  bit = static_cast<std::uint8_t>(bit << 1)
  PROMETHEUS_ASYNC_OVERRIDDEN(render_get);
  PROMETHEUS_ASYNC_OVERRIDDEN(render_head);
  PROMETHEUS_ASYNC_OVERRIDDEN(render_post);
  PROMETHEUS_ASYNC_OVERRIDDEN(render_put);
  PROMETHEUS_ASYNC_OVERRIDDEN(render_delete);
  PROMETHEUS_ASYNC_OVERRIDDEN(render_options);
  PROMETHEUS_ASYNC_OVERRIDDEN(render_patch);
#undef PROMETHEUS_ASYNC_OVERRIDDEN
  return bits;
}

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_RESOURCE_H_
