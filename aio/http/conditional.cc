// SPDX-License-Identifier: Apache-2.0

#include "aio/http/conditional.h"

#include <algorithm>

#include "aio/http/ascii.h"
#include "aio/http/date.h"

namespace prometheus_async::aio::http {
namespace {

// etagc of RFC 9110 8.8.3.
bool is_entity_tag_char(char c) { return c != '"' && c != ' ' && !is_control(c); }

// Takes the tag at the beginning of `text` off it; nullopt where there is none.
std::optional<EntityTag> take_entity_tag(std::string_view& text) {
  EntityTag tag;
  std::string_view rest = text;
  if (rest.starts_with("W/")) {
    tag.is_weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  rest.remove_prefix(1);
  const std::size_t end = rest.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = rest.substr(0, end);
  if (!std::all_of(tag.opaque.begin(), tag.opaque.end(), is_entity_tag_char)) return std::nullopt;
  text = rest.substr(end + 1);
  return tag;
}

// If-Match's comparison is strong: what follows is a change of what the tag names.
bool is_match(const Headers& request, const Validators& current) {
  const std::optional<EntityTagList> list = parse_entity_tags(request.get_list("If-Match"));
  if (!list || !current.exists) return false;
  if (list->is_any) return true;
  return current.etag && std::any_of(list->tags.begin(), list->tags.end(),
                                     [&](const EntityTag& tag) { return tag.strongly_equals(*current.etag); });
}

bool is_none_match(const Headers& request, const Validators& current) {
  const std::optional<EntityTagList> list = parse_entity_tags(request.get_list("If-None-Match"));
  if (!list || !current.exists) return true;
  if (list->is_any) return false;
  return !current.etag || std::none_of(list->tags.begin(), list->tags.end(),
                                       [&](const EntityTag& tag) { return tag.weakly_equals(*current.etag); });
}

std::optional<std::chrono::sys_seconds> get_date(const Headers& request, std::string_view name) {
  if (request.count(name) != 1) return std::nullopt;
  return parse_http_date(*request.get(name));
}

bool is_modified_since(const Headers& request, std::string_view name, const Validators& current, bool otherwise) {
  const std::optional<std::chrono::sys_seconds> date = get_date(request, name);
  if (!date || !current.last_modified || !current.exists) return otherwise;
  return *current.last_modified > *date;
}

}  // namespace

std::string EntityTag::to_string() const {
  std::string text(is_weak ? "W/\"" : "\"");
  return text.append(opaque).append("\"");
}

std::optional<EntityTag> parse_entity_tag(std::string_view text) {
  std::optional<EntityTag> tag = take_entity_tag(text);
  return text.empty() ? tag : std::nullopt;
}

std::optional<EntityTagList> parse_entity_tags(std::string_view text) {
  text = trim_ows(text);
  if (text == "*") return EntityTagList{.is_any = true, .tags = {}};
  EntityTagList list;
  // A comma may be within a tag: it is no separator before the tag was read.
  for (;;) {
    text = trim_ows(text);
    if (text.empty()) break;
    if (!text.starts_with(',')) {
      std::optional<EntityTag> tag = take_entity_tag(text);
      if (!tag) return std::nullopt;
      list.tags.push_back(*std::move(tag));
      text = trim_ows(text);
      if (text.empty()) break;
    }
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
  }
  if (list.tags.empty()) return std::nullopt;
  return list;
}

Precondition evaluate_preconditions(std::string_view method, const Headers& request, const Validators& current) {
  const bool is_read = method == "GET" || method == "HEAD";
  if (request.contains("If-Match")) {
    if (!is_match(request, current)) return Precondition::kFailed;
  } else if (is_modified_since(request, "If-Unmodified-Since", current, false)) {
    return Precondition::kFailed;
  }
  if (request.contains("If-None-Match")) {
    if (!is_none_match(request, current)) return is_read ? Precondition::kNotModified : Precondition::kFailed;
  } else if (is_read && !is_modified_since(request, "If-Modified-Since", current, true)) {
    return Precondition::kNotModified;
  }
  return Precondition::kProceed;
}

}  // namespace prometheus_async::aio::http
