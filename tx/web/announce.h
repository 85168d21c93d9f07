// SPDX-License-Identifier: Apache-2.0
//
// Makes a site known to a service discovery, and takes that back before the reactor stops listening.
//
//   tx::ListeningPort port = reactor.listen_tcp(8000, tx::web::Site(std::move(root)));
//   const sd::ConsulAgent consul({.name = "shop"});
//   tx::Deferred<tx::web::Announcement> announced = tx::web::announce(reactor, port, consul);
#ifndef PROMETHEUS_ASYNC_TX_WEB_ANNOUNCE_H_
#define PROMETHEUS_ASYNC_TX_WEB_ANNOUNCE_H_

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "sd/service_discovery.h"
#include "tx/deferred.h"
#include "tx/listening_port.h"
#include "tx/reactor.h"

namespace prometheus_async::tx::web {

struct AnnounceOptions {
  // "https" for a port of listen_ssl().
  std::string scheme = "http";
  // Where the site has its metrics.
  std::string metrics_path = "/metrics";
  // A page that is cheap and answers with 200, for health checks. Empty: the metrics.
  std::string health_path = {};
  // The longest that withdrawing may take, and a shutdown waits for it; positive.
  std::chrono::milliseconds deregister_timeout = std::chrono::seconds(5);
};

// A handle: copies stand for the same announcement, which stays when they are gone.
//
// Threads: the reactor's. Lifetime: withdraw() is called while the reactor is there.
class Announcement {
 public:
  // Whether the discovery has the site. False once it was withdrawn, whatever came of that.
  bool is_registered() const;

  // Deregisters. A shutdown does it by itself; this is for a site that stops listening before. Fires when it is done;
  // if it is, or fails there, at once or with the first call. Fails with what the deregistration throws, or
  // TimeoutError after AnnounceOptions::deregister_timeout.
  // Dropped: goes on.
  Deferred<void> withdraw() const;

 private:
  class State;
  friend Deferred<Announcement> announce(Reactor& reactor, const ListeningPort& port, sd::ServiceDiscovery discovery,
                                         AnnounceOptions options);

  explicit Announcement(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

// Enrols the address of `port` once the reactor runs. Fires when it is registered; a discovery that returns nothing
// gives an Announcement that is not. A shutdown of the reactor withdraws it in the phase before, while the port listens
// and the site answers; a failure of that is reported as an unhandled one, and the shutdown goes on. An enrolment that
// is under way then is cancelled, and withdrawn if it comes through.
//
// Fails with what the discovery throws; nothing is left then, and the port listens on. With CancelledError if the
// reactor stops before.
// Throws std::invalid_argument for a path that does not begin with a slash, another scheme than http and https, a
// timeout that is not positive.
// Cancelled: the enrolment is. Dropped: goes on, and is withdrawn at shutdown.
// Threads: the reactor's. Lifetime: the reactor outlives the Deferred.
Deferred<Announcement> announce(Reactor& reactor, const ListeningPort& port, sd::ServiceDiscovery discovery,
                                AnnounceOptions options = {});

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_ANNOUNCE_H_
