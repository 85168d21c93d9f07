// SPDX-License-Identifier: Apache-2.0

#include "exposition/scrape.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition/render.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// The example of the header among it.
TEST(AnswerScrape, GivesThePageOfRender) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const Page page = render(registry);
  const exposition::ScrapeResponse response = exposition::answer_scrape(registry, {.accept = "text/plain"});
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Type", page.content_type)));
  EXPECT_EQ(response.body, page.body);
}

}  // namespace
}  // namespace prometheus_async::exposition
