// SPDX-License-Identifier: Apache-2.0
//
// Conditional requests: whether what a client has, or believes to be there, is what is there (RFC 9110 13).
//
//   const http::Validators current{.etag = http::EntityTag{"v2"}};
//   switch (http::evaluate_preconditions(request.method(), request.headers(), current)) {
//     case http::Precondition::kProceed: ...       // answer as ever
//     case http::Precondition::kNotModified: ...   // 304, with the ETag
//     case http::Precondition::kFailed: ...        // 412, and nothing is done
//   }
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_CONDITIONAL_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_CONDITIONAL_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aio/http/headers.h"

namespace prometheus_async::aio::http {

// A name of one state of a resource. A strong one changes with every byte, a weak one with the meaning.
struct EntityTag {
  std::string opaque;  // without its quotes
  bool is_weak = false;

  // As the field ETag has it: "v2" in quotes, or W/"v2". Nothing is checked.
  std::string to_string() const;

  bool weakly_equals(const EntityTag& other) const { return opaque == other.opaque; }
  bool strongly_equals(const EntityTag& other) const { return !is_weak && !other.is_weak && opaque == other.opaque; }

  friend bool operator==(const EntityTag&, const EntityTag&) = default;
};

// One tag and nothing else. Strict: quotes, `W/` in upper case, and between the quotes no quote, no blank and no
// control byte; a backslash is a byte as any other.
std::optional<EntityTag> parse_entity_tag(std::string_view text);

// The value of If-Match or If-None-Match.
struct EntityTagList {
  bool is_any = false;  // "*"
  std::vector<EntityTag> tags;
};

// Nullopt for what is malformed; empty elements (", ,") are none, and a list of only such is malformed.
std::optional<EntityTagList> parse_entity_tags(std::string_view text);

// What there is at the moment.
struct Validators {
  std::optional<EntityTag> etag = {};
  std::optional<std::chrono::sys_seconds> last_modified = {};
  bool exists = true;  // for `*`: PUT with `If-None-Match: *` creates and never overwrites
};

enum class Precondition : std::uint8_t { kProceed, kNotModified, kFailed };

// In the order of RFC 9110 13.2.2: If-Match, or without it If-Unmodified-Since, fails the request; If-None-Match, or
// without it If-Modified-Since (of GET and HEAD alone), says to these two that nothing has changed, and fails others.
//
// A malformed list of tags matches nothing. A malformed date, or one of several, is as if it were not there, and so is
// one to a resource without a date. If-Range is left to who answers ranges.
//
// Threads: safe from any. Never throws but std::bad_alloc.
Precondition evaluate_preconditions(std::string_view method, const Headers& request, const Validators& current);

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_CONDITIONAL_H_
