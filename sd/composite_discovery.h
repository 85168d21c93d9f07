// SPDX-License-Identifier: Apache-2.0
//
// Several discoveries as one: a server that is in Consul, in a file and in a list of the process at once.
//
//     sd::ServiceDiscovery all = sd::composite({consul, files, directory});
#ifndef PROMETHEUS_ASYNC_SD_COMPOSITE_DISCOVERY_H_
#define PROMETHEUS_ASYNC_SD_COMPOSITE_DISCOVERY_H_

#include <exception>
#include <memory>
#include <stdexcept>
#include <vector>

#include "sd/service_discovery.h"

namespace prometheus_async::sd {

// More than one thing went wrong. what() says all of it, in the order in which it happened.
class CompositeError : public std::runtime_error {
 public:
  // REQUIRES: at least one.
  explicit CompositeError(std::vector<std::exception_ptr> failures);

  // The first is what led to the error.
  const std::vector<std::exception_ptr>& failures() const noexcept { return *failures_; }

 private:
  std::shared_ptr<const std::vector<std::exception_ptr>> failures_;  // shared: copying an exception must not throw
};

// Enrols with one after another, in order. If one fails, those before it are undone, last first, each of them whatever
// comes of the others.
//
// The Deregister undoes all, last first, whatever comes of the others; it may be called again. It is registered while
// all that have registered the server are: one that is not any more makes it false. Discoveries that return an empty
// Deregister count as none, and if all do, the result is empty.
//
// Errors: a single failure is thrown unchanged; with more, as when undoing fails too, CompositeError.
// Cancelled: what is under way is; what remains to be undone is undone without being cancelled, so that each part's own
// bound is what bounds it.
// Threads and lifetime: those of the parts.
[[nodiscard]] ServiceDiscovery composite(std::vector<ServiceDiscovery> discoveries);

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_COMPOSITE_DISCOVERY_H_
