// SPDX-License-Identifier: Apache-2.0
//
// Keeps fork() and the collecting of metrics apart: a child that was forked in the middle would find the locks of
// registries and families held by a thread that it does not have.
//
//   const ForkGate::Passage passage;  // collecting; fork() waits
#ifndef PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_FORK_GATE_H_
#define PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_FORK_GATE_H_

namespace prometheus_async::exposition::internal {

class ForkGate {
 public:
  // While one is alive a fork() of another thread waits, for a second at most: a collector that hangs must not hang the
  // program. Collectors may fork themselves, and scrape another registry. Any number at a time; none waits for another.
  class Passage {
   public:
    Passage();
    ~Passage();

    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;
  };

  // How often this process is a child of a child: another number than before means that there was a fork in between.
  static unsigned generation();
};

}  // namespace prometheus_async::exposition::internal

#endif  // PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_FORK_GATE_H_
