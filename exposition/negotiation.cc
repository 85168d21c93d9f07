// SPDX-License-Identifier: Apache-2.0
#include "exposition/negotiation.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace prometheus_async::exposition {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// Cuts `list` at its first separator that is not within quotes: what is before it, trimmed. `list` keeps the rest.
std::string_view next_part(std::string_view& list, char separator) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '"') is_quoted = !is_quoted;
    if (list[i] == '\\' && is_quoted) ++i;
    if (i >= list.size() || is_quoted || list[i] != separator) continue;
    const std::string_view part = list.substr(0, i);
    list.remove_prefix(i + 1);
    return trim(part);
  }
  return trim(std::exchange(list, {}));
}

// A q-value in [0, 1].
double to_quality(std::string_view text) {
  if (text.starts_with('-')) return 0;
  // from_chars also reads "inf" and "nan".
  if (text.empty() || ((text[0] < '0' || text[0] > '9') && text[0] != '.')) return 1;
  double quality = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quality);
  if (error != std::errc() || end != text.data() + text.size()) return 1;
  return std::min(quality, 1.0);
}

// One element of a header: "text/plain;version=0.0.4;q=0.5", "gzip;q=0".
struct Element {
  explicit Element(std::string_view text) {
    name = next_part(text, ';');
    while (!text.empty()) {
      std::string_view value = next_part(text, ';');
      const std::string_view parameter = next_part(value, '=');
      value = trim(value);
      if (equals_ignoring_case(parameter, "q")) {
        quality = to_quality(value);
      } else if (!parameter.empty()) {
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
        parameters.emplace_back(parameter, value);
      }
    }
  }

  // Empty where there is none.
  std::string_view get(std::string_view parameter) const {
    for (const auto& [name_of_it, value] : parameters) {
      if (equals_ignoring_case(name_of_it, parameter)) return value;
    }
    return {};
  }

  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  double quality = 1;
};

std::vector<Element> parse(std::string_view header) {
  std::vector<Element> elements;
  while (!header.empty()) {
    Element element(next_part(header, ','));
    if (!element.name.empty()) elements.push_back(std::move(element));
  }
  return elements;
}

// --- Accept

// How exactly a range names a format. A kind for each, not a count of parameters: they say one thing together.
enum Precision { kAnything, kAnySubtype, kMediaType, kMediaTypeAndVersion };

// A format that may be asked for; of those that meet a wildcard alike, the first is given.
struct Offer {
  std::string_view type;
  std::string_view subtype;
  std::string_view version;  // empty: it has none
  bool is_default_version;   // given where no version is asked for
  bool meets_wildcards;
  Format format;
};

constexpr Offer kOffers[] = {
    {"text", "plain", "0.0.4", true, true, kText_0_0_4},
    {"application", "openmetrics-text", "1.0.0", true, true, kOpenMetrics_1_0_0},
    {"text", "plain", "1.0.0", false, false, kText_1_0_0},
    {"application", "openmetrics-text", "0.0.1", false, false, kOpenMetrics_0_0_1},
    {"application", "vnd.google.protobuf", "", true, false, kProtobuf},
};

std::optional<Precision> match(const Element& range, const Offer& offer) {
  const std::size_t slash = std::min(range.name.find('/'), range.name.size());  // no white space beside it
  const std::string_view type = range.name.substr(0, slash);
  const std::string_view subtype = range.name.substr(std::min(slash + 1, range.name.size()));
  if (subtype == "*") {
    if (!offer.meets_wildcards) return std::nullopt;
    if (type == "*") return kAnything;
    return equals_ignoring_case(type, offer.type) ? std::optional(kAnySubtype) : std::nullopt;
  }
  if (!equals_ignoring_case(type, offer.type) || !equals_ignoring_case(subtype, offer.subtype)) return std::nullopt;
  if (offer.format.syntax == Syntax::kProtobuf) {
    const bool is_ours = range.get("proto") == "io.prometheus.client.MetricFamily" &&
                         equals_ignoring_case(range.get("encoding"), "delimited");
    return is_ours ? std::optional(kMediaTypeAndVersion) : std::nullopt;
  }
  const std::string_view version = range.get("version");
  if (version.empty()) return offer.is_default_version ? std::optional(kMediaType) : std::nullopt;
  return version == offer.version ? std::optional(kMediaTypeAndVersion) : std::nullopt;
}

Escaping requested_escaping(const Element& range) {
  const std::string_view name = range.get("escaping");
  for (const Escaping escaping : {Escaping::kAllowUtf8, Escaping::kDots, Escaping::kValues}) {
    if (name == to_string(escaping)) return escaping;
  }
  return Escaping::kUnderscores;
}

// An offer with the range that speaks of it.
struct Candidate {
  const Offer* offer = nullptr;
  const Element* range = nullptr;
  Precision precision = kAnything;

  // Of one offer: whether this range is the one that counts. Ranges that are as precise differ in their escaping.
  bool speaks_rather_than(const Candidate& other) const {
    if (precision != other.precision) return precision > other.precision;
    return range->quality > other.range->quality;
  }

  // Of two offers. Elements of one header lie in its order.
  bool is_better_than(const Candidate& other) const {
    if (range->quality != other.range->quality) return range->quality > other.range->quality;
    if (is_named() != other.is_named()) return is_named();
    return range < other.range;
  }

  bool is_named() const { return precision >= kMediaType; }
};

Format format_of(const Candidate& candidate) {
  Format format = candidate.offer->format;
  if (candidate.is_named()) format.escaping = requested_escaping(*candidate.range);
  format.escaping = effective_escaping(format);
  return format;
}

}  // namespace

Format negotiate_format(std::string_view accept) {
  const std::vector<Element> ranges = parse(accept);
  std::optional<Candidate> best;
  for (const Offer& offer : kOffers) {
    std::optional<Candidate> candidate;
    for (const Element& range : ranges) {
      const std::optional<Precision> precision = match(range, offer);
      if (!precision) continue;
      const Candidate matched{&offer, &range, *precision};
      if (!candidate || matched.speaks_rather_than(*candidate)) candidate = matched;
    }
    if (!candidate || candidate->range->quality <= 0) continue;
    if (!best || candidate->is_better_than(*best)) best = candidate;
  }
  return best ? format_of(*best) : kText_0_0_4;
}

// --- Accept-Encoding

Encoding negotiate_encoding(std::string_view accept_encoding) {
  const std::vector<Element> codings = parse(accept_encoding);
  // The coding's own, or else that of `*`; none where neither is there.
  const auto quality_of = [&](std::string_view name, std::string_view old_name) -> std::optional<double> {
    std::optional<double> quality;
    bool is_named = false;
    for (const Element& coding : codings) {
      const bool names_it = equals_ignoring_case(coding.name, name) || equals_ignoring_case(coding.name, old_name);
      if (!names_it && (coding.name != "*" || is_named)) continue;
      is_named = is_named || names_it;
      quality = coding.quality;
    }
    return quality;
  };

  // Identity is acceptable without being named, and then the last choice.
  double best_quality = quality_of("identity", "identity").value_or(0);
  Encoding best = Encoding::kIdentity;
  for (const Encoding encoding : {Encoding::kGzip, Encoding::kZstd}) {
    const std::string_view name = to_string(encoding);
    const double quality = quality_of(name, encoding == Encoding::kGzip ? "x-gzip" : name).value_or(0);
    if (quality <= 0 || quality < best_quality) continue;
    best = encoding;
    best_quality = quality;
  }
  return best;
}

}  // namespace prometheus_async::exposition
