// SPDX-License-Identifier: Apache-2.0
#include "exposition/render.h"

#include "exposition/text_encoder.h"

namespace prometheus_async::exposition {

Page render(const metrics::Registry& registry) {
  Page page{std::string(kTextContentType), {}};
  TextEncoder encoder(page.body);
  registry.collect(encoder);
  return page;
}

}  // namespace prometheus_async::exposition
