// SPDX-License-Identifier: Apache-2.0
//
// The bytes of an answer: text of its own, text that several answers share, or what went to the client already.
//
//   web::Body own = "hello";
//   web::Body shared = std::make_shared<const std::string>(10'000'000, 'x');  // sent without a copy
#ifndef PROMETHEUS_ASYNC_AIO_WEB_BODY_H_
#define PROMETHEUS_ASYNC_AIO_WEB_BODY_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace prometheus_async::aio::web {

class Body {
 public:
  Body() = default;
  Body(std::string text) : bytes_(std::move(text)) {}         // NOLINT(google-explicit-constructor): text is a body
  Body(std::string_view text) : bytes_(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  Body(const char* text) : Body(std::string_view(text)) {}    // NOLINT(google-explicit-constructor)
  // Null is empty.
  Body(std::shared_ptr<const std::string> text) : bytes_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  Body(std::shared_ptr<std::string> text)                                     // NOLINT(google-explicit-constructor)
      : Body(std::shared_ptr<const std::string>(std::move(text))) {}

  // What a handler returns that has sent the answer itself: nothing is left to be sent. web::StreamResponse makes it.
  static Body sent(std::uint64_t size) {
    Body body;
    body.bytes_ = Sent{size};
    return body;
  }
  bool is_sent() const { return std::holds_alternative<Sent>(bytes_); }

  // Empty if is_sent(). Valid until *this changes or, unless shared, moves.
  std::string_view view() const {
    if (const auto* own = std::get_if<std::string>(&bytes_)) return *own;
    if (const auto* shared = std::get_if<Shared>(&bytes_); shared != nullptr && *shared) return **shared;
    return {};
  }
  // Of what was sent, too.
  std::uint64_t size() const {
    const Sent* sent = std::get_if<Sent>(&bytes_);
    return sent != nullptr ? sent->size : view().size();
  }

  friend bool operator==(const Body& body, std::string_view text) { return body.view() == text; }
  friend std::ostream& operator<<(std::ostream& out, const Body& body) { return out << body.view(); }

 private:
  using Shared = std::shared_ptr<const std::string>;
  struct Sent {
    std::uint64_t size = 0;
  };

  std::variant<std::string, Shared, Sent> bytes_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_BODY_H_
