// SPDX-License-Identifier: Apache-2.0
//
// Makes a metrics server known to Consul: registers it with an agent, with a health check, so that a Prometheus with
// consul_sd_configs finds it, sees to it that it stays registered, and takes it out again when the server closes.
//
//     sd::ConsulAgent agent({.name = "checkout", .tags = {"blue"}, .token = token});
//     sd::Deregister deregister = co_await agent.enroll(endpoint);
//     ...
//     co_await deregister();
#ifndef PROMETHEUS_ASYNC_SD_CONSUL_AGENT_H_
#define PROMETHEUS_ASYNC_SD_CONSUL_AGENT_H_

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "sd/consul_error.h"
#include "sd/consul_options.h"
#include "sd/endpoint.h"
#include "sd/service_discovery.h"

namespace prometheus_async::sd {

// Copies share the registrations made through any of them. It has no thread of its own.
//
// Keeping (ConsulOptions::keep_registered): a registration is watched with one request that the agent answers when
// something has changed. So a service that the agent forgets (it was restarted without its data, somebody deregistered
// the service, its checks were critical for too long) or that somebody changes is registered again within milliseconds,
// the first time, and ever more slowly, up to a minute, if it happens again and again while the agent is there. While
// the agent is away it is asked again after up to 1 s, with jitter, and up to 30 s when it answers with errors. An
// agent that hangs is noticed after ConsulOptions::watch and `timeout`. Not noticed: that somebody took away the check,
// and left the service.
//
// Metrics, with the labels service and service_id: sd_registered, sd_registrations_total{result} (success, unreachable,
// denied: 403 or no token, refused: other 4xx, error), sd_registration_losses_total{reason} (forgotten, changed),
// sd_last_success_timestamp_seconds. They are on the page for as long as the Deregister exists.
//
// Semantics: prometheus_async.aio.sd.ConsulAgent, except that a refusal is an error (not None), the ID is unique by
// default, a wildcard is not sent as an address, the agent's address is an option, every exchange is bounded, and the
// registration is kept.
class ConsulAgent {
 public:
  // Errors: std::invalid_argument naming the option, for what the agent would reject or silently change.
  explicit ConsulAgent(ConsulOptions options);

  // Registers the server at `endpoint`. Registering the same ID again replaces what is there, checks included.
  //
  // The result deregisters: a registration under way is waited for, then it takes one request, or two if the token has
  // changed; 4 s at most. A service that the agent no longer knows counts as deregistered; once it has succeeded,
  // another call does nothing. It needs nothing of this object, and throws ConsulError. With ConsulOptions::deregister
  // false it only ends the keeping. is_registered() tells what the agent said last; false while the agent is known to
  // be away.
  //
  // Errors: ConsulError; std::invalid_argument, before anything is sent, for an endpoint that the agent would reject or
  // mangle (port 0, a bracketed address, an ID made from it that is not valid), and where the registry has metrics of
  // those names that are others'. With ConsulStartUp::kKeepTrying no ConsulError: it is tried again later.
  //
  // Cancelled: ends with operation_aborted. If it is then, or after a failed exchange, unknown whether the agent has
  // the service, one deregistration is tried first, whatever `deregister` says, which takes up to 2 s and is not
  // cancellable. The service stays only if that fails too, or if the agent registers it even later.
  //
  // Threads: runs on the awaiting coroutine's executor, which runs one handler at a time; the keeping goes on there,
  // and is what the result's operation asks to stop, so that executor runs until the result has been called, or is
  // gone. fork(): the child has no part in it; it must not call the result.
  [[nodiscard]] asio::awaitable<Deregister> enroll(Endpoint endpoint) const;

  // Puts all registrations that were made through this object and its copies, and not deregistered, into Consul's
  // maintenance mode, or takes them out of it: the service is critical, with the reason, whatever its check says. It
  // comes back with a registration that has to be repeated. Nothing happens without a registration.
  //
  // Errors: the first ConsulError, after all have been tried.
  [[nodiscard]] asio::awaitable<void> enable_maintenance(std::string reason) const;
  [[nodiscard]] asio::awaitable<void> disable_maintenance() const;

 private:
  struct State;
  static asio::awaitable<Deregister> enroll(std::shared_ptr<State> state, Endpoint endpoint);

  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_CONSUL_AGENT_H_
