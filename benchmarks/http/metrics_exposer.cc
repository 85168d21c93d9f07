// SPDX-License-Identifier: Apache-2.0
//
// metrics_exposer SERIES: prometheus-cpp's Exposer as it is by default, with so many counters, on a port that it prints
// first. It closes a connection after each answer, so that new ones are part of its cost.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/registry.h>

int main(int argc, char** argv) try {
  const int series = argc > 1 ? std::stoi(argv[1]) : 1000;
  const auto registry = std::make_shared<prometheus::Registry>();
  auto& family = prometheus::BuildCounter().Name("requests_total").Help("x").Register(*registry);
  for (int i = 0; i < series; ++i) {
    family.Add({{"method", "GET"}, {"path", "/users/" + std::to_string(i)}, {"code", "200"}}).Increment(i);
  }

  prometheus::Exposer exposer("127.0.0.1:0");
  exposer.RegisterCollectable(registry);
  std::cout << exposer.GetListeningPorts().front() << std::endl;
  for (;;) pause();
} catch (const std::exception& error) {
  std::cerr << "metrics_exposer: " << error.what() << '\n';
  return EXIT_FAILURE;
}
