// SPDX-License-Identifier: Apache-2.0

#include "aio/http/request_parser.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kMostKept = 4096;  // bytes of memory for fields that a parser keeps; of targets, a fourth
constexpr ParseError kBodyTooLarge{413, "body too large"};

// The front of `text` that is of these bytes; `text` loses it.
std::string_view take_while(std::string_view& text, const ByteSet& bytes) {
  std::size_t size = 0;
  while (size < text.size() && bytes.contains(text[size])) ++size;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// A quoted string of RFC 9110 5.6.4, whose closing quote is within the line.
bool take_quoted(std::string_view& text) {
  if (!take(text, '"')) return false;
  while (!text.empty() && text.front() != '"') {
    take(text, '\\');  // what comes next is text, a quote too
    if (text.empty() || !kValueChars.contains(text.front())) return false;
    text.remove_prefix(1);
  }
  return take(text, '"');
}

// What may follow the size of a chunk: `;name`, `;name=token` or `;name="text"`, again and again (RFC 9112 7.1.1).
bool are_extensions(std::string_view text) {
  constexpr ByteSet kBlank = ByteSet::where([](char c) { return c == ' ' || c == '\t'; });
  while (!text.empty()) {
    take_while(text, kBlank);
    if (!take(text, ';')) return false;
    take_while(text, kBlank);
    if (take_while(text, kTokenChars).empty()) return false;
    std::string_view rest = text;
    take_while(rest, kBlank);
    if (!take(rest, '=')) continue;
    take_while(rest, kBlank);
    if (!take_quoted(rest) && take_while(rest, kTokenChars).empty()) return false;
    text = rest;
  }
  return true;
}

std::optional<Headers::Field> take_apart(std::string_view line, ParseError& error) {
  const std::string_view name = take_while(line, kTokenChars);
  if (name.empty() || !take(line, ':')) {
    error = {400, "malformed field name"};
    return std::nullopt;
  }
  const std::string_view value = trim_ows(line);
  if (!is_field_value(value)) {
    error = {400, "malformed field value"};
    return std::nullopt;
  }
  return Headers::Field{name, value};
}

// What the fields of a head say of the connection and of the body, gathered as they come.
class FramingFields {
 public:
  void add(const Headers::Field& field) {
    switch (field.name.size()) {
      case 4:
        if (ascii_iequals(field.name, "Host")) add_host(field.value);
        break;
      case 6:
        if (ascii_iequals(field.name, "Expect")) add_expectation(field.value);
        break;
      case 10:
        if (ascii_iequals(field.name, "Connection")) add_connection(field.value);
        break;
      case 14:
        if (ascii_iequals(field.name, "Content-Length")) add_length(field.value);
        break;
      case 17:
        if (ascii_iequals(field.name, "Transfer-Encoding")) add_coding(field.value);
        break;
      default: break;
    }
  }

  // Settles what the head means; a refusal if it could mean two things.
  std::optional<ParseError> settle(RequestHead& head) const {
    const bool is_http10 = head.minor_version == 0;
    head.keep_alive = !closes_ && (!is_http10 || keeps_alive_);
    if (hosts_ != 1 && !(hosts_ == 0 && is_http10)) return ParseError{400, "HTTP/1.1 takes exactly one Host"};
    if (hosts_ == 1 && !is_host_valid_) return ParseError{400, "malformed Host"};
    if (const auto error = settle_body(head)) return error;
    if (is_http10 || !has_expectation_) return std::nullopt;
    if (has_unknown_expectation_) return ParseError{417, "unknown expectation"};
    head.expects_continue = head.chunked || head.content_length > 0;
    return std::nullopt;
  }

 private:
  void add_host(std::string_view value) {
    ++hosts_;
    is_host_valid_ = is_valid_host(value);
  }

  void add_expectation(std::string_view value) {
    has_expectation_ = true;
    has_unknown_expectation_ |= !ascii_iequals(value, "100-continue");
  }

  void add_connection(std::string_view value) {
    closes_ |= list_has_token(value, "close");
    keeps_alive_ |= list_has_token(value, "keep-alive");
  }

  void add_length(std::string_view value) {
    ++lengths_;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length_);
    is_length_valid_ = is_digits(value) && error == std::errc() && (value.size() == 1 || value.front() != '0');
  }

  void add_coding(std::string_view value) {
    ++codings_;
    is_coding_token_ = is_token(value);
    is_chunked_ = ascii_iequals(value, "chunked");
  }

  // Where the body ends must have one reading: none, a single number, or the single word `chunked` (RFC 9112 6.1, 6.3).
  std::optional<ParseError> settle_body(RequestHead& head) const {
    if (codings_ > 0) {
      if (lengths_ > 0) return ParseError{400, "Transfer-Encoding together with Content-Length"};
      if (head.minor_version == 0) return ParseError{400, "Transfer-Encoding in HTTP/1.0"};
      if (codings_ > 1 || !is_coding_token_) return ParseError{400, "ambiguous Transfer-Encoding"};
      if (!is_chunked_) return ParseError{501, "unknown Transfer-Encoding"};
      head.chunked = true;
      return std::nullopt;
    }
    if (lengths_ == 0) return std::nullopt;
    if (lengths_ > 1) return ParseError{400, "more than one Content-Length"};
    if (!is_length_valid_) return ParseError{400, "malformed Content-Length"};
    head.content_length = length_;
    return std::nullopt;
  }

  std::size_t hosts_ = 0;
  std::size_t lengths_ = 0;
  std::size_t codings_ = 0;
  std::uint64_t length_ = 0;
  bool is_host_valid_ = false;
  bool is_length_valid_ = false;
  bool is_coding_token_ = false;
  bool is_chunked_ = false;
  bool closes_ = false;
  bool keeps_alive_ = false;
  bool has_expectation_ = false;
  bool has_unknown_expectation_ = false;
};

}  // namespace

std::string_view RequestHead::host() const {
  return target.authority().empty() ? headers.get("Host").value_or("") : target.authority();
}

// A loop over states, each of which takes whole lines, or pieces of a body, from the front of `rest_`.
class RequestParser::Impl {
 public:
  explicit Impl(const RequestLimits& limits) : limits_(limits) {}

  Result parse(std::string_view bytes) {
    rest_ = bytes;
    body_ = {};
    std::optional<Event> event;
    while (!event) event = advance();
    return {*event, bytes.size() - rest_.size(), body_};
  }

  void reset() {
    head_.method.clear();
    if (head_.target.raw().size() > kMostKept / 4) {
      Target small;
      std::swap(head_.target, small);  // an assignment would keep the memory
    }
    head_.minor_version = 1;
    head_.headers.clear();
    head_.headers.shrink(kMostKept);
    head_.keep_alive = true;
    head_.expects_continue = head_.chunked = false;
    head_.content_length = 0;
    framing_ = {};
    state_ = State::kStart;
    has_skipped_line_ = has_begun_ = false;
  }

  const RequestHead& head() const { return head_; }
  const ParseError& error() const { return error_; }
  bool has_begun() const { return has_begun_; }
  bool is_complete() const { return state_ == State::kComplete; }

 private:
  enum class State {
    kStart,
    kRequestLine,
    kFields,
    kBody,
    kTooLarge,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailers,
    kComplete,
    kError,
  };

  // One step; nullopt: there is another to take.
  std::optional<Event> advance() {
    switch (state_) {
      case State::kStart: return start();
      case State::kRequestLine: return read_request_line();
      case State::kFields: return read_field();
      case State::kBody: return read_body(State::kComplete);
      case State::kTooLarge: return refuse(kBodyTooLarge);
      case State::kChunkSize: return read_chunk_size();
      case State::kChunk: return read_body(State::kChunkEnd);
      case State::kChunkEnd: return read_chunk_end();
      case State::kTrailers: return read_trailer();
      case State::kComplete: return Event::kComplete;
      case State::kError: break;
    }
    return Event::kError;
  }

  std::optional<Event> start() {
    if (!has_skipped_line_ && rest_.starts_with(kLineEnd)) {  // RFC 9112 2.2: some clients send one after a body
      has_skipped_line_ = true;
      rest_.remove_prefix(kLineEnd.size());
    }
    if (rest_.empty() || (rest_ == "\r" && !has_skipped_line_)) return Event::kNeedMore;
    has_begun_ = true;
    if (rest_.front() == '\x16') return refuse({400, "TLS on a port without TLS"});
    if (!is_token_char(rest_.front())) return refuse({400, "malformed method"});
    state_ = State::kRequestLine;
    return std::nullopt;
  }

  std::optional<Event> read_request_line() {
    std::string_view line;
    if (!take_line(line, limits_.request_line, {414, "request line too long"})) return waiting_or_refused();
    const std::string_view method = take_while(line, kTokenChars);
    if (!take(line, ' ')) return refuse({400, "malformed method"});
    const std::size_t target_size = line.find(' ');
    if (target_size == 0 || target_size == std::string_view::npos) return refuse({400, "malformed request line"});
    const std::string_view version = line.substr(target_size + 1);
    if (version == "HTTP/1.1") {
      head_.minor_version = 1;
    } else if (version == "HTTP/1.0") {
      head_.minor_version = 0;
    } else {
      return refuse({505, "this server speaks HTTP/1.0 and HTTP/1.1"});
    }
    head_.method.assign(method);
    if (!head_.target.assign(method, line.substr(0, target_size)).ok()) return refuse({400, "malformed target"});
    begin_block(State::kFields, limits_.header_block);
    return std::nullopt;
  }

  std::optional<Event> read_field() {
    std::string_view line;
    if (!take_field_line(line, limits_.fields, 431)) return waiting_or_refused();
    if (line.empty()) {
      if (const auto error = framing_.settle(head_)) return refuse(*error);
      left_ = head_.chunked ? limits_.body : head_.content_length;
      state_ = head_.chunked          ? State::kChunkSize
               : left_ > limits_.body ? State::kTooLarge
               : left_ > 0            ? State::kBody
                                      : State::kComplete;
      return Event::kHead;
    }
    const std::optional<Headers::Field> field = take_apart(line, error_);
    if (!field) return refuse(error_);
    head_.headers.add(field->name, field->value);
    framing_.add(*field);
    return std::nullopt;
  }

  std::optional<Event> read_body(State next) {
    std::uint64_t& left = next == State::kComplete ? left_ : chunk_left_;
    body_ = rest_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, rest_.size())));
    if (body_.empty()) return Event::kNeedMore;
    rest_.remove_prefix(body_.size());
    left -= body_.size();
    if (left == 0) state_ = next;
    return Event::kBody;
  }

  std::optional<Event> read_chunk_size() {
    constexpr ByteSet kHexadecimal = ByteSet::where([](char c) { return hex_value(c) >= 0; });
    // Seen before the line is whole: a client that sends something else altogether is not waited for.
    std::string_view line = rest_;
    std::string_view digits = take_while(line, kHexadecimal);
    if (digits.size() > 16 || (digits.empty() && !line.empty())) return refuse({400, "malformed chunk size"});
    if (!take_line(line, limits_.chunk_line, {400, "chunk header too long"})) return waiting_or_refused();
    digits = take_while(line, kHexadecimal);
    if (!are_extensions(line)) return refuse({400, "malformed chunk extension"});
    std::from_chars(digits.data(), digits.data() + digits.size(), chunk_left_, 16);
    if (chunk_left_ > left_) return refuse(kBodyTooLarge);
    left_ -= chunk_left_;
    if (chunk_left_ > 0) {
      state_ = State::kChunk;
    } else {
      begin_block(State::kTrailers, limits_.trailer_block);
    }
    return std::nullopt;
  }

  std::optional<Event> read_chunk_end() {
    if (rest_.starts_with(kLineEnd)) {
      rest_.remove_prefix(kLineEnd.size());
      state_ = State::kChunkSize;
      return std::nullopt;
    }
    if (rest_.empty() || rest_ == "\r") return Event::kNeedMore;
    return refuse({400, "chunk longer than its size"});
  }

  std::optional<Event> read_trailer() {
    std::string_view line;
    if (!take_field_line(line, limits_.trailer_fields, 400)) return waiting_or_refused();
    if (line.empty()) {
      state_ = State::kComplete;
      return Event::kComplete;
    }
    const std::optional<Headers::Field> field = take_apart(line, error_);
    if (!field) return refuse(error_);
    if (ascii_iequals(field->name, "Content-Length") || ascii_iequals(field->name, "Transfer-Encoding")) {
      return refuse({400, "framing field in a trailer"});
    }
    return std::nullopt;
  }

  // Takes the next line, without its end. False if it is refused, or has not come whole.
  bool take_line(std::string_view& line, std::size_t limit, const ParseError& too_long) {
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    const bool has_cr = line.ends_with('\r');
    if (has_cr) line.remove_suffix(1);
    if (line.size() > limit) {
      refuse(too_long);
    } else if (end != std::string_view::npos && !has_cr) {
      refuse({400, "line that does not end in CR LF"});
    }
    if (end == std::string_view::npos || state_ == State::kError) return false;
    rest_.remove_prefix(end + 1);
    return true;
  }

  void begin_block(State state, std::size_t size) {
    state_ = state;
    block_left_ = size;
    fields_ = 0;
  }

  bool take_field_line(std::string_view& line, std::size_t field_limit, Status past_limit) {
    if (rest_.starts_with(' ') || rest_.starts_with('\t')) {
      refuse({400, "folded field line"});
      return false;
    }
    const ParseError too_long{past_limit, block_left_ < limits_.field_line ? "fields too long" : "field line too long"};
    if (!take_line(line, std::min(limits_.field_line, block_left_), too_long)) return false;
    const std::size_t size = line.size() + kLineEnd.size();
    if (size > block_left_) {
      refuse({past_limit, "fields too long"});
    } else if (!line.empty() && ++fields_ > field_limit) {
      refuse({past_limit, "too many fields"});
    }
    block_left_ -= std::min(size, block_left_);
    return state_ != State::kError;
  }

  Event waiting_or_refused() const { return state_ == State::kError ? Event::kError : Event::kNeedMore; }

  Event refuse(const ParseError& why) {
    error_ = why;
    state_ = State::kError;
    return Event::kError;
  }

  const RequestLimits limits_;
  RequestHead head_;
  FramingFields framing_;
  ParseError error_{400, {}};
  State state_ = State::kStart;
  std::string_view rest_;       // of the bytes that parse() was given
  std::string_view body_;       // that is to be handed out
  std::size_t block_left_ = 0;  // bytes that the fields may still take
  std::size_t fields_ = 0;      // in this block
  std::uint64_t left_ = 0;      // of the body; of a chunked one, what it may still grow by
  std::uint64_t chunk_left_ = 0;
  bool has_skipped_line_ = false;
  bool has_begun_ = false;
};

RequestParser::RequestParser(const RequestLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

RequestParser::Result RequestParser::parse(std::string_view bytes) { return impl_->parse(bytes); }
void RequestParser::reset() { impl_->reset(); }
const RequestHead& RequestParser::head() const { return impl_->head(); }
const ParseError& RequestParser::error() const { return impl_->error(); }
bool RequestParser::has_begun() const { return impl_->has_begun(); }
bool RequestParser::is_complete() const { return impl_->is_complete(); }

}  // namespace prometheus_async::aio::http
