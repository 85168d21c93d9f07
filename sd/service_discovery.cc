// SPDX-License-Identifier: Apache-2.0
#include "sd/service_discovery.h"

namespace prometheus_async::sd {

struct ServiceDiscovery::Enrolment {
  std::shared_ptr<Erased> discovery;  // outlives `deregister`
  Deregister deregister;
};

asio::awaitable<Deregister> ServiceDiscovery::enroll(Endpoint endpoint) const {
  return run(erased_, std::move(endpoint));
}

asio::awaitable<Deregister> ServiceDiscovery::run(std::shared_ptr<Erased> erased, Endpoint endpoint) {
  Deregister deregister;
  if (erased) deregister = co_await erased->enroll(endpoint);
  if (!deregister) co_return deregister;
  auto enrolment = std::make_shared<const Enrolment>(std::move(erased), std::move(deregister));
  Deregister result([enrolment] { return undo(enrolment); },
                    [enrolment] { return enrolment->deregister.is_registered(); });
  co_return result;
}

asio::awaitable<void> ServiceDiscovery::undo(std::shared_ptr<const Enrolment> enrolment) {
  co_await enrolment->deregister();
}

}  // namespace prometheus_async::sd
