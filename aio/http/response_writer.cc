// SPDX-License-Identifier: Apache-2.0

#include "aio/http/response_writer.h"

#include <charconv>
#include <stdexcept>
#include <utility>

#include "aio/http/response_head.h"

namespace prometheus_async::aio::http {
namespace {

constexpr std::size_t kMostCopied = 2048;
constexpr std::size_t kMostKept = 4096;

}  // namespace

void ResponseWriter::begin(const RequestHead& request, Status status, const Headers& headers,
                           std::optional<std::uint64_t> content_length, const Connection& connection) {
  if (has_begun()) throw std::logic_error("the request has its answer already");
  const bool is_http10 = request.minor_version == 0;
  const bool may_have_body = !status.is_bodiless() && request.method != "HEAD";
  const bool is_chunked = may_have_body && !content_length && !is_http10;
  const bool is_delimited = !may_have_body || content_length || is_chunked;
  const bool keep_alive = connection.keep_alive && is_delimited && !headers.has_token("Connection", "close");
  out_.clear();
  append_response_head(out_, status, headers,
                       {.content_length = content_length,
                        .chunked = is_chunked,
                        .keep_alive = keep_alive,
                        .is_http10 = is_http10,
                        .date = connection.date});
  state_ = State::kBegun;
  may_have_body_ = may_have_body;
  is_chunked_ = is_chunked;
  keep_alive_ = keep_alive;
  is_head_out_ = false;
  left_ = content_length;
}

ResponseWriter::Parts ResponseWriter::whole(std::string_view body) {
  state_ = State::kComplete;
  return with(may_have_body_ ? body : std::string_view(), {});
}

ResponseWriter::Parts ResponseWriter::piece(std::string_view piece) {
  if (state_ != State::kBegun) throw std::logic_error("a piece outside of the begin and the end of an answer");
  if (!may_have_body_) piece = {};
  if (left_) {
    if (piece.size() > *left_) throw std::length_error("the answer is longer than its Content-Length");
    *left_ -= piece.size();
  }
  start_piece();
  if (!is_chunked_ || piece.empty()) return with(piece, {});
  std::array<char, 16> digits;
  out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr);
  out_.append("\r\n");
  return with(piece, "\r\n");
}

ResponseWriter::Parts ResponseWriter::end() {
  if (state_ != State::kBegun) throw std::logic_error("the end of an answer that has not begun");
  if (left_.value_or(0) > 0 && may_have_body_) {
    throw std::length_error("the answer is " + std::to_string(*left_) + " bytes shorter than its Content-Length");
  }
  start_piece();
  state_ = State::kComplete;
  return with({}, is_chunked_ ? "0\r\n\r\n" : "");
}

void ResponseWriter::reset() {
  state_ = State::kNone;
  if (out_.capacity() > kMostKept) std::string().swap(out_);
}

void ResponseWriter::start_piece() {
  if (std::exchange(is_head_out_, true)) out_.clear();
}

ResponseWriter::Parts ResponseWriter::with(std::string_view bytes, std::string_view after) {
  if (bytes.size() > kMostCopied) return {out_, bytes, after};
  out_.append(bytes).append(after);
  return {out_, {}, {}};
}

}  // namespace prometheus_async::aio::http
