// SPDX-License-Identifier: Apache-2.0
//
// What the encoders of all formats have in common: they are sinks that write to a string.
//
//   std::string page;
//   exposition::TextEncoder encoder(page);     // or OpenMetricsEncoder, ProtobufEncoder
//   registry.collect(encoder);
//   encoder.finish();
#ifndef PROMETHEUS_ASYNC_EXPOSITION_ENCODER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_ENCODER_H_

#include "metrics/collector.h"

namespace prometheus_async::exposition {

// Appends to a page, which outlives it. What is on the page before finish() is not to be looked at: it is longer than
// what was written.
//
// REQUIRES: family() before series, and series of the family's type. Threads: one at a time. Allocates as the page
// grows, and when a histogram has other bounds than the one before.
class Encoder : public metrics::Sink {
 public:
  // Writes what ends the format, and cuts the page to what was written. Nothing is written after.
  virtual void finish() = 0;
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_ENCODER_H_
