// SPDX-License-Identifier: Apache-2.0
//
// What the text of a `{name}` may be: the part of a route's template behind the colon.
//
//   SegmentPattern("int").matches("-17");          // true
//   SegmentPattern("[a-z0-9-]+").matches("a-b");   // true
//   SegmentPattern("[a-z]{2}").matches("deu");     // false
//
// No regular expressions: one class of characters and how many of them there are, which takes one look at each.
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SEGMENT_PATTERN_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SEGMENT_PATTERN_H_

#include <bitset>
#include <compare>
#include <cstdint>
#include <string_view>

namespace prometheus_async::aio::web::internal {

// A set of texts: all whose characters are of one class, with bounds on their number, and for the named types what
// cannot be said that way. Two patterns that compare equal take the same texts.
class SegmentPattern {
 public:
  // How the texts are checked beyond class and length. In the order in which equal classes are tried.
  enum class Type : std::uint8_t { kInt, kUint, kUuid, kText };

  // Of a name without a colon: one character or more.
  SegmentPattern();
  // Throws std::invalid_argument with the rule for what is none of these:
  //
  //   int, uint, uuid, slug
  //   [a-z0-9_-]  [^.]  \d  \w           a class: of ASCII, two characters at least, none of them a slash; within
  //                                      brackets also \d, \w and \ in front of a character that is no letter
  //   .*  .+                             the tail: everything from here on
  //
  // A class is followed by nothing (one character), +, *, ?, {n}, {n,} or {n,m}; m is not over 9999.
  explicit SegmentPattern(std::string_view text);

  Type type() const { return type_; }
  // Whether it takes slashes: the rest of a path.
  bool is_tail() const { return is_tail_; }

  // `text` is as in a routing path: %2F and %25 are one character each. Linear in its length.
  bool matches(std::string_view text) const;

  // Of two patterns, if all texts of the one are among the other's, the one comes first.
  friend std::strong_ordering operator<=>(const SegmentPattern& a, const SegmentPattern& b);
  friend bool operator==(const SegmentPattern& a, const SegmentPattern& b) { return (a <=> b) == 0; }

 private:
  using Class = std::bitset<256>;  // by byte; what is not ASCII has several

  static constexpr std::uint32_t kNoMaximum = UINT32_MAX;

  void parse_class(std::string_view& text);
  void parse_quantifier(std::string_view text);
  bool matches_class(std::string_view text) const;

  Type type_ = Type::kText;
  bool is_tail_ = false;
  std::uint32_t minimum_ = 1;  // of characters, as bytes
  std::uint32_t maximum_ = kNoMaximum;
  Class class_;
};

}  // namespace prometheus_async::aio::web::internal

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SEGMENT_PATTERN_H_
