// SPDX-License-Identifier: Apache-2.0
//
// Whether one registration stands, and the metrics that tell its story:
//
//   sd_registered{service="checkout",service_id="checkout-1"} 1
//   sd_registrations_total{service="checkout",service_id="checkout-1",result="success"} 3
//   sd_registration_losses_total{service="checkout",service_id="checkout-1",reason="forgotten"} 2
//   sd_last_success_timestamp_seconds{service="checkout",service_id="checkout-1"} 1.7e+09
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_REGISTRATION_STATUS_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_REGISTRATION_STATUS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "metrics/registry.h"

namespace prometheus_async::sd::internal {

class RegistrationMetrics;
struct RegistrationRow;

// Threads: every member is safe from any.
// Lifetime: its series are on the registry's page for as long as it lives; it may outlive the registry. Several of the
// same service and ID share their series.
class RegistrationStatus {
 public:
  // How an attempt to register ended.
  enum class Result : std::uint8_t { kSuccess, kUnreachable, kDenied, kRefused, kError };
  enum class Loss : std::uint8_t { kForgotten, kChanged };

  // Throws std::invalid_argument where the registry has metrics of these names that are others'.
  RegistrationStatus(metrics::Registry& registry, const std::string& service, const std::string& service_id);
  RegistrationStatus(const RegistrationStatus&) = delete;
  RegistrationStatus& operator=(const RegistrationStatus&) = delete;
  ~RegistrationStatus();

  bool is_registered() const noexcept { return is_registered_.load(std::memory_order_acquire); }

  // The registry has said that the service is there.
  void confirm() noexcept;
  // It is not there, or nobody knows.
  void withdraw() noexcept;
  void count(Result result) noexcept;
  void count(Loss loss) noexcept;

 private:
  std::atomic<bool> is_registered_ = false;
  std::shared_ptr<RegistrationRow> row_;
};

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_REGISTRATION_STATUS_H_
