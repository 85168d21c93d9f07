// SPDX-License-Identifier: Apache-2.0
//
// A Klein application as a Resource: for a Site, below another resource, or behind a branch route of another Klein.
//
//   root.put_child("app", app.resource());
#ifndef PROMETHEUS_ASYNC_TX_WEB_KLEIN_RESOURCE_H_
#define PROMETHEUS_ASYNC_TX_WEB_KLEIN_RESOURCE_H_

#include <memory>
#include <utility>

#include "tx/web/body.h"
#include "tx/web/request.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

namespace internal {
struct KleinApp;
}  // namespace internal

// A leaf: what of the path was not used up on the way to it is what the application's patterns are about. Nothing left,
// not even a slash, is "/" to them.
class KleinResource : public Resource {
 public:
  // Klein::resource() makes it.
  explicit KleinResource(std::shared_ptr<internal::KleinApp> app) : app_(std::move(app)) {}

  bool is_leaf() const override { return true; }
  Body render(Request& request) override;

 private:
  std::shared_ptr<internal::KleinApp> app_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_KLEIN_RESOURCE_H_
