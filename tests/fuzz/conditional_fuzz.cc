// SPDX-License-Identifier: Apache-2.0
// Input: the value of If-Match or If-None-Match.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aio/http/conditional.h"
#include "aio/http/headers.h"
#include "tests/fuzz/property.h"

namespace prometheus_async::fuzz {
namespace {

namespace http = aio::http;
using http::EntityTag;
using http::EntityTagList;
using http::Precondition;

void check_tag(const EntityTag& tag) {
  for (const char c : tag.opaque) {
    require(static_cast<unsigned char>(c) > 0x20 && c != '"' && c != 0x7f, "a tag has no quotes, blanks and controls");
  }
  require(http::parse_entity_tag(tag.to_string()) == tag, "a tag that is written is read again");
}

// What a list says to a resource that has this tag.
void check_preconditions(std::string_view text, const std::optional<EntityTagList>& list, const EntityTag& tag) {
  const http::Validators current{.etag = tag};
  const auto is_listed = [&](bool (EntityTag::*equals)(const EntityTag&) const) {
    return list && (list->is_any || std::any_of(list->tags.begin(), list->tags.end(),
                                                [&](const EntityTag& other) { return (tag.*equals)(other); }));
  };
  const bool is_weak_match = is_listed(&EntityTag::weakly_equals);
  const bool is_strong_match = is_listed(&EntityTag::strongly_equals);
  const http::Headers none_match{{"If-None-Match", text}};
  require(http::evaluate_preconditions("GET", none_match, current) ==
              (is_weak_match ? Precondition::kNotModified : Precondition::kProceed),
          "If-None-Match of GET");
  require(http::evaluate_preconditions("PUT", none_match, current) ==
              (is_weak_match ? Precondition::kFailed : Precondition::kProceed),
          "If-None-Match of PUT");
  require(http::evaluate_preconditions("PUT", {{"If-Match", text}}, current) ==
              (is_strong_match ? Precondition::kProceed : Precondition::kFailed),
          "If-Match of PUT");
}

}  // namespace
}  // namespace prometheus_async::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace prometheus_async::fuzz;
  const std::string_view text = as_text(data, size);
  if (const auto tag = http::parse_entity_tag(text)) {
    check_tag(*tag);
    require_equal(tag->to_string(), text, "a tag has one spelling");
  }
  const std::optional<EntityTagList> list = http::parse_entity_tags(text);
  check_preconditions(text, list, {"v1"});
  if (!list) return 0;
  require_equal(list->is_any, list->tags.empty(), "a list has tags, or is of any");
  std::string written;
  for (const EntityTag& tag : list->tags) {
    check_tag(tag);
    check_preconditions(text, list, tag);
    written += (written.empty() ? "" : ", ") + tag.to_string();
  }
  if (list->is_any) return 0;
  const std::optional<EntityTagList> again = http::parse_entity_tags(written);
  require(again && !again->is_any && again->tags == list->tags, "a list that is written is read again");
  return 0;
}
