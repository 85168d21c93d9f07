// SPDX-License-Identifier: Apache-2.0

#include "tx/web/resource.h"

#include <array>

#include "tx/web/pages.h"

namespace prometheus_async::tx::web {
namespace {

struct Method {
  std::string_view name;
  Body (Resource::*render)(Request&);
};

constexpr std::array<Method, 7> kMethods = {{{"GET", &Resource::render_get},
                                             {"HEAD", &Resource::render_head},
                                             {"POST", &Resource::render_post},
                                             {"PUT", &Resource::render_put},
                                             {"DELETE", &Resource::render_delete},
                                             {"OPTIONS", &Resource::render_options},
                                             {"PATCH", &Resource::render_patch}}};

// As twisted.web.server.supportedMethods: of these a resource is expected to know what it has.
bool is_usual(std::string_view method) { return method == "GET" || method == "HEAD" || method == "POST"; }

}  // namespace

Resource::~Resource() = default;

void Resource::put_child(std::string_view name, ResourcePtr child) {
  children_.insert_or_assign(std::string(name), std::move(child));
}

ResourcePtr Resource::get_child_with_default(std::string_view name, Request& request) {
  const auto child = children_.find(name);
  return child != children_.end() ? child->second : get_child(name, request);
}

ResourcePtr Resource::get_child(std::string_view, Request&) { return not_found(); }

Body Resource::render(Request& request) {
  for (const Method& method : kMethods) {
    if (method.name == request.method()) return (this->*method.render)(request);
  }
  throw_unsupported();
}

Body Resource::render_get(Request&) { throw_unsupported(); }
Body Resource::render_head(Request& request) { return render_get(request); }
Body Resource::render_post(Request&) { throw_unsupported(); }
Body Resource::render_put(Request&) { throw_unsupported(); }
Body Resource::render_delete(Request&) { throw_unsupported(); }
Body Resource::render_options(Request&) { throw_unsupported(); }
Body Resource::render_patch(Request&) { throw_unsupported(); }

std::string Resource::allowed_methods() const {
  constexpr unsigned kGet = 1;
  constexpr unsigned kHead = 2;
  const unsigned methods = methods_ | ((methods_ & kGet) != 0 ? kHead : 0);
  std::string allowed;
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if ((methods >> i & 1) != 0) allowed.append(allowed.empty() ? "" : ",").append(kMethods[i].name);
  }
  return allowed;
}

void Resource::throw_unsupported() const { throw UnsupportedMethod(allowed_methods()); }

ResourcePtr get_child_for_request(ResourcePtr resource, Request& request) {
  std::vector<std::string>& postpath = request.postpath();
  while (!postpath.empty() && !resource->is_leaf()) {
    const std::string name = std::move(postpath.front());
    postpath.erase(postpath.begin());
    request.prepath().push_back(name);
    resource = resource->get_child_with_default(name, request);
  }
  return resource;
}

Body render_request(ResourcePtr resource, Request& request) {
  try {
    resource = get_child_for_request(std::move(resource), request);
    Body body = resource->render(request);
    if (!body.is_done()) request.keep(resource.get());
    return body;
  } catch (const UnsupportedMethod& error) {
    if (is_usual(request.method())) {
      request.set_header("Allow", error.allowed());
      return error_page(405, "Method Not Allowed", "This resource does not take this method.").render(request);
    }
    return error_page(501, "Method Not Implemented", "This resource does not know this method.").render(request);
  } catch (...) {
    request.processing_failed(Failure::current());
    return NOT_DONE_YET;
  }
}

}  // namespace prometheus_async::tx::web
