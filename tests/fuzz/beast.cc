// SPDX-License-Identifier: Apache-2.0

#include "tests/fuzz/beast.h"

#include <cstdint>
#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/none.hpp>

namespace prometheus_async::fuzz {
namespace {

namespace http = boost::beast::http;

// Reads on until the text is over, the message is, or there is an error.
template <class Parser>
void put_all(Parser& parser, std::string_view& text, bool only_head, boost::system::error_code& error) {
  while (!error && !(only_head ? parser.is_header_done() : parser.is_done())) {
    const std::size_t taken = parser.put(boost::asio::buffer(text), error);
    text.remove_prefix(taken);
    if (error == http::error::need_more && taken > 0) error = {};
  }
}

template <class Parser>
void copy_fields(const Parser& parser, BeastMessage& message) {
  message.version = parser.get().version();
  for (const auto& field : parser.get()) {
    message.fields.emplace_back(std::string(field.name_string().data(), field.name_string().size()),
                                std::string(field.value().data(), field.value().size()));
  }
}

}  // namespace

BeastMessage read_request_with_beast(std::string_view text) {
  BeastMessage message;
  http::request_parser<http::string_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  boost::system::error_code error;
  put_all(parser, text, true, error);
  if (!error) {
    const auto& request = parser.get();
    message.method.assign(request.method_string().data(), request.method_string().size());
    message.target.assign(request.target().data(), request.target().size());
    copy_fields(parser, message);
    parser.eager(true);
    put_all(parser, text, false, error);
    message.body = parser.get().body();
  }
  if (error) {
    message.error = error.message();
  } else if (!text.empty()) {
    message.error = "the message is over before the text";
  }
  return message;
}

BeastMessage read_response_head_with_beast(std::string_view text) {
  BeastMessage message;
  http::response_parser<http::string_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  parser.skip(true);
  boost::system::error_code error;
  put_all(parser, text, true, error);
  if (error) {
    message.error = error.message();
    return message;
  }
  message.status = parser.get().result_int();
  message.reason.assign(parser.get().reason().data(), parser.get().reason().size());
  copy_fields(parser, message);
  if (!text.empty()) message.error = "the head is over before the text";
  return message;
}

}  // namespace prometheus_async::fuzz
