// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "exposition/render.h"
#include "metrics/registry.h"

int main() {
  prometheus_async::metrics::Registry registry;
  registry.counter("visits_total", "visits of the consumer").Increment();
  std::cout << prometheus_async::exposition::render(registry).body;
}
