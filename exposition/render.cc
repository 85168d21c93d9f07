// SPDX-License-Identifier: Apache-2.0
#include "exposition/render.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "exposition/encoder.h"
#include "exposition/internal/page_buffer.h"
#include "exposition/openmetrics_encoder.h"
#include "exposition/protobuf_encoder.h"
#include "exposition/text_encoder.h"

namespace prometheus_async::exposition {
namespace {

// How long the last page of a registry was, so that the next is allocated once. Registries that share an entry mislead
// each other, which costs an allocation and nothing else.
std::atomic<std::size_t>& last_size(const metrics::Registry& registry, Syntax syntax) noexcept {
  static std::array<std::atomic<std::size_t>, 64> sizes{};
  const auto key = reinterpret_cast<std::uintptr_t>(&registry) + static_cast<std::uintptr_t>(syntax);
  return sizes[(key * 0x9E3779B97F4A7C15u) >> 58];  // Fibonacci hashing
}

// Encoders ask for more room than they turn out to need, also for the last series.
constexpr std::size_t kSlack = 16 * 1024;

template <class E>
std::vector<metrics::CollectError> write(const metrics::Registry& registry, const Format& format,
                                         const metrics::CollectOptions& options, std::string& body) {
  E encoder(body, format);
  std::vector<metrics::CollectError> errors = registry.collect(encoder, options);
  encoder.finish();
  return errors;
}

}  // namespace

Page render(const metrics::Registry& registry) { return render(registry, kText_0_0_4); }

Page render(const metrics::Registry& registry, const Format& format, const metrics::CollectOptions& options,
            std::vector<metrics::CollectError>* errors) {
  Page page{content_type(format), {}};
  const bool is_whole = options.names.empty();
  std::atomic<std::size_t>& last = last_size(registry, format.syntax);
  if (is_whole) {
    const std::size_t size = last.load(std::memory_order_relaxed);
    internal::reserve_page(page.body, size + size / 16 + kSlack);
  }
  std::vector<metrics::CollectError> skipped;
  switch (format.syntax) {
    case Syntax::kText: skipped = write<TextEncoder>(registry, format, options, page.body); break;
    case Syntax::kOpenMetrics: skipped = write<OpenMetricsEncoder>(registry, format, options, page.body); break;
    case Syntax::kProtobuf: skipped = write<ProtobufEncoder>(registry, format, options, page.body); break;
  }
  if (is_whole) last.store(page.body.size(), std::memory_order_relaxed);
  if (page.body.capacity() > 2 * page.body.size() + kSlack) page.body.shrink_to_fit();
  if (errors != nullptr) *errors = std::move(skipped);
  return page;
}

}  // namespace prometheus_async::exposition
