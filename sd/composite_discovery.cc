// SPDX-License-Identifier: Apache-2.0
#include "sd/composite_discovery.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/this_coro.hpp>

#include "sd/internal/uncancelled.h"

namespace prometheus_async::sd {
namespace {

using Failures = std::vector<std::exception_ptr>;

std::string words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

std::string words_of(const Failures& failures) {
  std::string words = words_of(failures.front());
  for (std::size_t i = 1; i < failures.size(); ++i) absl::StrAppend(&words, "; also: ", words_of(failures[i]));
  return words;
}

void throw_if_any(const Failures& failures) {
  if (failures.size() == 1) std::rethrow_exception(failures.front());
  if (!failures.empty()) throw CompositeError(failures);
}

asio::awaitable<void> call(Deregister deregister) { co_await deregister(); }

// Adds to the failures.
asio::awaitable<void> undo(const std::vector<Deregister>& parts, Failures& failures) {
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    asio::awaitable<void> undoing = call(*part);
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool is_cancelled = state.cancelled() != asio::cancellation_type::none;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    try {
      if (is_cancelled) {
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await internal::uncancelled(std::move(undoing));
      } else {
        co_await std::move(undoing);
      }
    } catch (...) {
      failures.push_back(std::current_exception());
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
  }
}

asio::awaitable<void> undo_all(std::shared_ptr<const std::vector<Deregister>> parts) {
  Failures failures;
  co_await undo(*parts, failures);
  throw_if_any(failures);
}

bool all_are_registered(const std::vector<Deregister>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const Deregister& part) { return part.is_registered(); });
}

class CompositeDiscovery {
 public:
  explicit CompositeDiscovery(std::vector<ServiceDiscovery> discoveries) : discoveries_(std::move(discoveries)) {}

  asio::awaitable<Deregister> enroll(const Endpoint& endpoint) const {
    std::vector<Deregister> parts;
    Failures failures;
    try {
      for (const ServiceDiscovery& discovery : discoveries_) {
        Deregister part = co_await discovery.enroll(endpoint);
        if (part) parts.push_back(std::move(part));
      }
    } catch (...) {
      failures.push_back(std::current_exception());
    }
    if (!failures.empty()) {
      asio::awaitable<void> undoing = undo(parts, failures);
      const bool throws = co_await asio::this_coro::throw_if_cancelled();
      co_await asio::this_coro::throw_if_cancelled(false);
      co_await internal::uncancelled(std::move(undoing));
      co_await asio::this_coro::throw_if_cancelled(throws);
      throw_if_any(failures);
    }
    if (parts.empty()) co_return Deregister();
    const auto shared = std::make_shared<const std::vector<Deregister>>(std::move(parts));
    Deregister all([shared] { return undo_all(shared); }, [shared] { return all_are_registered(*shared); });
    co_return all;
  }

 private:
  std::vector<ServiceDiscovery> discoveries_;
};

}  // namespace

CompositeError::CompositeError(Failures failures)
    : std::runtime_error(words_of(failures)), failures_(std::make_shared<const Failures>(std::move(failures))) {}

ServiceDiscovery composite(std::vector<ServiceDiscovery> discoveries) {
  return CompositeDiscovery(std::move(discoveries));
}

}  // namespace prometheus_async::sd
