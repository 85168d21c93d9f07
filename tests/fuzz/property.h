// SPDX-License-Identifier: Apache-2.0
//
// What a fuzz target says must hold of every input.
//
//   extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
//     const std::string_view input = as_text(data, size);
//     require_equal(decode(encode(input)), input, "what was encoded is decoded");
//     return 0;
//   }
#ifndef PROMETHEUS_ASYNC_TESTS_FUZZ_PROPERTY_H_
#define PROMETHEUS_ASYNC_TESTS_FUZZ_PROPERTY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace prometheus_async::fuzz {

// Of no type that the code under test catches or throws. libFuzzer reports it as a crash, GoogleTest as a failure.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, std::string_view property) {
  if (!holds) throw Violation("does not hold: " + std::string(property));
}

template <class A, class B>
void require_equal(const A& actual, const B& expected, std::string_view property) {
  if (actual == expected) return;
  std::ostringstream what;
  what << "does not hold: " << property << "\nactual:   " << actual << "\nexpected: " << expected;
  throw Violation(what.str());
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The front of `text` up to `separator`, or all; `text` loses both.
inline std::string_view take_until(std::string_view& text, char separator) {
  const std::string_view front = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(front.size() + 1, text.size()));
  return front;
}

}  // namespace prometheus_async::fuzz

#endif  // PROMETHEUS_ASYNC_TESTS_FUZZ_PROPERTY_H_
