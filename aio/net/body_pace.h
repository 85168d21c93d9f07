// SPDX-License-Identifier: Apache-2.0
//
// How long a client may let a server wait for the body of its request: it must not only send, but send fast enough.
//
//   BodyPace pace(5s, 240);
//   pace.patience();           // 5 s
//   pace.has_waited(2s, 480);  // for these bytes
//   pace.patience();           // 5 s: two seconds were used, two were earned
#ifndef PROMETHEUS_ASYNC_AIO_NET_BODY_PACE_H_
#define PROMETHEUS_ASYNC_AIO_NET_BODY_PACE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace prometheus_async::aio::net {

// Counts time in which the client was waited for, and no other: a handler that reads slowly is not its client's fault.
class BodyPace {
 public:
  using Duration = std::chrono::nanoseconds;

  // `bytes_per_second` of 0 asks for no pace.
  BodyPace(Duration grace, std::uint64_t bytes_per_second) : left_(grace), rate_(bytes_per_second) {}

  // How long the next wait may take.
  Duration patience() const { return rate_ == 0 ? kEver : std::max(left_, Duration::zero()); }
  void has_waited(Duration time, std::uint64_t bytes) {
    if (rate_ == 0) return;
    left_ = std::min(left_ - time + Duration(bytes * 1'000'000'000 / rate_), kEver);
  }

 private:
  static constexpr Duration kEver = std::chrono::hours(24 * 365);

  Duration left_;
  std::uint64_t rate_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_BODY_PACE_H_
