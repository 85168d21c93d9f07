// SPDX-License-Identifier: Apache-2.0

#include "aio/http/request_parser.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional/optional.hpp>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::http {
namespace {

namespace beast = boost::beast;
using BeastError = beast::http::error;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

void clear(RequestHead& head) {
  head.method.clear();
  head.minor_version = 1;
  head.headers.clear();
  head.keep_alive = true;
  head.expects_continue = false;
  head.chunked = false;
  head.content_length = 0;
}

// What Beast reports that our own rules have not refused before.
ParseError refusal(const beast::error_code& ec) {
  if (ec == BeastError::bad_version) return {505, "this server speaks HTTP/1.0 and HTTP/1.1"};
  if (ec == BeastError::bad_method) return {400, "malformed method"};
  if (ec == BeastError::bad_target) return {400, "malformed target"};
  if (ec == BeastError::bad_field) return {400, "malformed field name"};
  if (ec == BeastError::bad_value) return {400, "malformed field value"};
  if (ec == BeastError::bad_line_ending) return {400, "line that does not end in CR LF"};
  if (ec == BeastError::bad_content_length) return {400, "malformed Content-Length"};
  if (ec == BeastError::multiple_content_length) return {400, "more than one Content-Length"};
  if (ec == BeastError::bad_transfer_encoding) return {400, "ambiguous Transfer-Encoding"};
  if (ec == BeastError::bad_chunk) return {400, "malformed chunk"};
  if (ec == BeastError::bad_chunk_extension) return {400, "malformed chunk extension"};
  return {400, "malformed request"};
}

std::optional<ParseError> check_host(const RequestHead& head) {
  const std::size_t hosts = head.headers.count("Host");
  if (hosts == 0 && head.minor_version == 0) return std::nullopt;
  if (hosts != 1) return ParseError{400, "HTTP/1.1 takes exactly one Host"};
  if (!is_valid_host(*head.headers.get("Host"))) return ParseError{400, "malformed Host"};
  return std::nullopt;
}

// Where the body ends must have one reading: none, a single number, or the single word `chunked` (RFC 9112 6.1, 6.3).
std::optional<ParseError> read_framing(RequestHead& head, std::uint64_t body_limit,
                                       boost::optional<std::uint64_t> content_length) {
  const std::size_t codings = head.headers.count("Transfer-Encoding");
  const std::size_t lengths = head.headers.count("Content-Length");
  if (codings > 0) {
    if (lengths > 0) return ParseError{400, "Transfer-Encoding together with Content-Length"};
    if (head.minor_version == 0) return ParseError{400, "Transfer-Encoding in HTTP/1.0"};
    const std::string_view coding = *head.headers.get("Transfer-Encoding");
    if (codings > 1 || !is_token(coding)) return ParseError{400, "ambiguous Transfer-Encoding"};
    if (!ascii_iequals(coding, "chunked")) return ParseError{501, "unknown Transfer-Encoding"};
    head.chunked = true;
    return std::nullopt;
  }
  if (lengths == 0) return std::nullopt;
  const std::string_view length = *head.headers.get("Content-Length");
  if (lengths > 1) return ParseError{400, "more than one Content-Length"};
  if (!is_digits(length) || (length.size() > 1 && length.front() == '0') || !content_length) {
    return ParseError{400, "malformed Content-Length"};
  }
  if (*content_length > body_limit) return ParseError{413, "body too large"};
  head.content_length = *content_length;
  return std::nullopt;
}

std::optional<ParseError> read_expectation(RequestHead& head) {
  if (head.minor_version == 0) return std::nullopt;
  for (const std::string_view expectation : head.headers.get_all("Expect")) {
    if (!ascii_iequals(expectation, "100-continue")) return ParseError{417, "unknown expectation"};
    head.expects_continue = head.chunked || head.content_length > 0;
  }
  return std::nullopt;
}

// Beast as a tokenizer. It only ever sees whole lines, one request line, header block or chunk header at a time, and
// nothing that it makes of the meaning of fields is used but the value of Content-Length.
class Tokenizer final : public beast::http::basic_parser<true> {
 public:
  Tokenizer(const RequestLimits& limits, RequestHead& head) : limits_(limits), head_(head) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // ours are checked before Beast sees a byte
    body_limit(boost::none);
  }

  // Hands over a whole unit. False when it was refused, see error().
  bool feed(std::string_view unit) {
    beast::error_code ec;
    const std::size_t used = put(boost::asio::const_buffer(unit.data(), unit.size()), ec);
    // It asks for more after the request line, for the fields. Anywhere else that means that the unit did not end where
    // its last line does, as with a line end in the quotes of a chunk extension.
    if (used == unit.size() && (!ec || ec == BeastError::need_more)) return true;
    // From Boost 1.92 on Beast refuses some codings itself; which status that is stays ours to say.
    if (!error_ && ec == BeastError::bad_transfer_encoding) {
      error_ = read_framing(head_, limits_.body, boost::none);
    }
    if (!error_) error_ = refusal(ec);
    return false;
  }

  // Hands over bytes of the body, at least one; gives the piece that belongs to the body, or to the chunk.
  std::string_view feed_body(std::string_view bytes) {
    beast::error_code ec;
    put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    return std::exchange(body_, {});
  }

  // Of the chunk whose header was the last unit.
  std::uint64_t chunk_size() const { return chunk_size_; }
  const ParseError& error() const { return *error_; }

 private:
  void refuse(ParseError why, beast::error_code& ec) {
    error_ = why;
    ec = BeastError::bad_value;  // any: error_ goes before
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code& ec) override {
    head_.method.assign(method.data(), method.size());
    head_.minor_version = version - 10;
    if (!head_.target.assign(head_.method, view(target)).ok()) refuse({400, "malformed target"}, ec);
  }

  void on_field_impl(beast::http::field id, beast::string_view name, beast::string_view value,
                     beast::error_code& ec) override {
    if (has_head_) return on_trailer_field_impl(id, name, value, ec);
    head_.headers.add(view(name), view(value));
  }

  // Where Boost has trailers from 1.90 on; before, this is not an override.
  void on_trailer_field_impl(beast::http::field, beast::string_view name, beast::string_view, beast::error_code& ec) {
    if (ascii_iequals(view(name), "Content-Length") || ascii_iequals(view(name), "Transfer-Encoding")) {
      refuse({400, "framing field in a trailer"}, ec);
    }
  }

  void on_header_impl(beast::error_code& ec) override {
    has_head_ = true;
    const bool closes = head_.headers.has_token("Connection", "close");
    head_.keep_alive = !closes && (head_.minor_version > 0 || head_.headers.has_token("Connection", "keep-alive"));
    if (const auto error = check_host(head_)) return refuse(*error, ec);
    if (const auto error = read_framing(head_, limits_.body, content_length())) return refuse(*error, ec);
    if (const auto error = read_expectation(head_)) return refuse(*error, ec);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

  std::size_t on_body_impl(beast::string_view piece, beast::error_code&) override {
    body_ = view(piece);
    return piece.size();
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view, beast::error_code& ec) override {
    if (size > limits_.body - chunked_size_) return refuse({413, "body too large"}, ec);
    chunk_size_ = size;
    chunked_size_ += size;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, beast::error_code&) override {
    body_ = view(piece);
    return piece.size();
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_finish_impl(beast::error_code&) override {}

  const RequestLimits& limits_;
  RequestHead& head_;
  bool has_head_ = false;
  std::uint64_t chunk_size_ = 0;
  std::uint64_t chunked_size_ = 0;  // of all chunks so far; at most limits_.body
  std::string_view body_;
  std::optional<ParseError> error_;
};

// One line at the front of `bytes`: its size with the line end, or 0 while that has not come.
struct Line {
  std::size_t size = 0;
  bool is_too_long = false;
  bool has_bare_lf = false;
  std::string_view text;  // without the line end
};

Line find_line(std::string_view bytes, std::size_t limit) {
  Line line;
  const std::size_t lf = bytes.find('\n');
  const std::string_view until_lf = bytes.substr(0, lf);
  const bool has_cr = until_lf.ends_with('\r');
  line.text = until_lf.substr(0, until_lf.size() - (has_cr ? 1 : 0));
  line.is_too_long = line.text.size() > limit;
  if (lf != std::string_view::npos) {
    line.size = lf + 1;
    line.has_bare_lf = !has_cr;
  }
  return line;
}

}  // namespace

std::string_view RequestHead::host() const {
  return target.authority().empty() ? headers.get("Host").value_or("") : target.authority();
}

class RequestParser::Impl {
 public:
  explicit Impl(const RequestLimits& limits) : limits_(limits) { reset(); }

  Result parse(std::string_view bytes) {
    switch (state_) {
      case State::kRequestLine: return parse_request_line(bytes);
      case State::kFields: return parse_fields(bytes);
      case State::kBody: return parse_body(bytes);
      case State::kChunkHeader: return parse_chunk_header(bytes);
      case State::kComplete: return {Event::kComplete, 0, {}};
      case State::kError: break;
    }
    return {Event::kError, 0, {}};
  }

  void reset() {
    clear(head_);
    tokenizer_.emplace(limits_, head_);
    state_ = State::kRequestLine;
    scanned_ = fields_ = 0;
    has_skipped_line_ = has_begun_ = expects_line_end_ = false;
  }

  const RequestHead& head() const { return head_; }
  const ParseError& error() const { return *error_; }
  bool has_begun() const { return has_begun_; }
  bool is_complete() const { return state_ == State::kComplete; }

 private:
  enum class State { kRequestLine, kFields, kBody, kChunkHeader, kComplete, kError };
  enum class Block { kIncomplete, kComplete, kError };

  Result parse_request_line(std::string_view bytes) {
    std::size_t skipped = 0;
    if (!has_skipped_line_ && bytes.starts_with("\r\n")) {  // RFC 9112 2.2: some clients send one after a body
      has_skipped_line_ = true;
      skipped = 2;
      bytes.remove_prefix(2);
    }
    if (bytes.empty() || (bytes == "\r" && !has_skipped_line_)) return {Event::kNeedMore, skipped, {}};
    has_begun_ = true;
    if (bytes.front() == '\x16') return refuse({400, "TLS on a port without TLS"});
    if (!is_token_char(bytes.front())) return refuse({400, "malformed method"});

    const Line line = find_line(bytes, limits_.request_line);
    if (line.is_too_long) return refuse({414, "request line too long"});
    if (line.size == 0) return {Event::kNeedMore, skipped, {}};
    if (line.has_bare_lf) return refuse({400, "line that does not end in CR LF"});
    if (!tokenizer_->feed(bytes.substr(0, line.size))) return refuse(tokenizer_->error());
    state_ = State::kFields;
    Result result = parse_fields(bytes.substr(line.size));
    result.consumed += skipped + line.size;
    return result;
  }

  Result parse_fields(std::string_view bytes) {
    switch (scan_block(bytes, limits_.header_block, limits_.fields, 431)) {
      case Block::kIncomplete: return {Event::kNeedMore, 0, {}};
      case Block::kError: return {Event::kError, 0, {}};
      case Block::kComplete: break;
    }
    if (!tokenizer_->feed(bytes.substr(0, scanned_))) return refuse(tokenizer_->error());
    state_ = tokenizer_->is_done() ? State::kComplete : head_.chunked ? State::kChunkHeader : State::kBody;
    return {Event::kHead, std::exchange(scanned_, 0), {}};
  }

  Result parse_body(std::string_view bytes) {
    if (bytes.empty()) return {Event::kNeedMore, 0, {}};
    const std::string_view piece = tokenizer_->feed_body(bytes);
    if (!head_.chunked) {
      if (tokenizer_->is_done()) state_ = State::kComplete;
    } else if ((chunk_remaining_ -= piece.size()) == 0) {
      state_ = State::kChunkHeader;
    }
    return {Event::kBody, piece.size(), piece};
  }

  // A chunk's size line; with the last chunk, the trailers as well. The line end of the chunk before belongs to it.
  Result parse_chunk_header(std::string_view bytes) {
    constexpr std::string_view kLineEnd = "\r\n";
    const std::size_t begin = expects_line_end_ ? kLineEnd.size() : 0;
    if (bytes.substr(0, begin) != kLineEnd.substr(0, std::min(begin, bytes.size()))) {
      return refuse({400, "chunk longer than its size"});
    }
    if (bytes.size() <= begin) return {Event::kNeedMore, 0, {}};

    const Line line = find_line(bytes.substr(begin), limits_.chunk_line);
    if (line.is_too_long) return refuse({400, "chunk header too long"});
    const std::size_t digits = std::min(line.text.find_first_not_of("0123456789abcdefABCDEF"), line.text.size());
    if (digits > 16 || (digits == 0 && (line.size > 0 || !line.text.empty()))) {
      return refuse({400, "malformed chunk size"});
    }
    if (line.size == 0) return {Event::kNeedMore, 0, {}};
    if (line.has_bare_lf) return refuse({400, "line that does not end in CR LF"});
    if (std::any_of(line.text.begin(), line.text.end(), [](char c) { return is_control(c) && c != '\t'; })) {
      return refuse({400, "malformed chunk extension"});
    }

    const std::size_t line_end = begin + line.size;
    const bool is_last = line.text.substr(0, digits).find_first_not_of('0') == std::string_view::npos;
    if (is_last) {
      switch (scan_block(bytes.substr(line_end), limits_.trailer_block, limits_.trailer_fields, 400)) {
        case Block::kIncomplete: return {Event::kNeedMore, 0, {}};
        case Block::kError: return {Event::kError, 0, {}};
        case Block::kComplete: break;
      }
    }
    const std::size_t size = line_end + (is_last ? scanned_ : 0);
    if (!tokenizer_->feed(bytes.substr(0, size))) return refuse(tokenizer_->error());
    if (is_last) {
      state_ = State::kComplete;
      return {Event::kComplete, size, {}};
    }
    chunk_remaining_ = tokenizer_->chunk_size();
    expects_line_end_ = true;
    state_ = State::kBody;
    Result result = parse_body(bytes.substr(size));
    result.consumed += size;
    return result;
  }

  // Looks for the empty line that ends a block of fields, from `scanned_`, where the last call stopped, on. Complete:
  // `scanned_` is the size of the block. What a line says is left to Beast.
  Block scan_block(std::string_view bytes, std::size_t limit, std::size_t field_limit, Status past_limit) {
    const auto stop = [this](ParseError why) {
      refuse(why);
      return Block::kError;
    };
    for (;;) {
      const Line line = find_line(bytes.substr(scanned_), limits_.field_line);
      if (line.is_too_long) return stop({past_limit, "field line too long"});
      if (scanned_ + line.text.size() > limit) return stop({past_limit, "fields too long"});
      if (line.text.starts_with(' ') || line.text.starts_with('\t')) return stop({400, "folded field line"});
      if (line.size == 0) return Block::kIncomplete;
      if (line.has_bare_lf) return stop({400, "line that does not end in CR LF"});
      scanned_ += line.size;
      if (scanned_ > limit) return stop({past_limit, "fields too long"});
      if (line.text.empty()) {
        fields_ = 0;
        return Block::kComplete;
      }
      if (++fields_ > field_limit) return stop({past_limit, "too many fields"});
    }
  }

  Result refuse(ParseError why) {
    error_ = why;
    state_ = State::kError;
    return {Event::kError, 0, {}};
  }

  const RequestLimits limits_;
  RequestHead head_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<ParseError> error_;
  State state_ = State::kRequestLine;
  std::size_t scanned_ = 0;  // of the block that is being waited for: the whole lines in it
  std::size_t fields_ = 0;   // fields in them
  std::uint64_t chunk_remaining_ = 0;
  bool has_skipped_line_ = false;
  bool has_begun_ = false;
  bool expects_line_end_ = false;  // a chunk has ended, its line end has not come
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
