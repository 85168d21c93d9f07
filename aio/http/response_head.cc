// SPDX-License-Identifier: Apache-2.0

#include "aio/http/response_head.h"

#include <algorithm>
#include <stdexcept>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::http {
namespace {

void check_field(const Headers::Field& field) {
  if (!is_token(field.name)) {
    throw std::invalid_argument("response header \"" + std::string(field.name) + "\": the name is no token");
  }
  if (std::any_of(field.value.begin(), field.value.end(), [](char c) { return is_control(c) && c != '\t'; })) {
    throw std::invalid_argument("response header \"" + std::string(field.name) + "\": control byte in the value");
  }
}

bool belongs_to_framing(std::string_view name) {
  return ascii_iequals(name, "Connection") || ascii_iequals(name, "Content-Length") || ascii_iequals(name, "Date") ||
         ascii_iequals(name, "Transfer-Encoding");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void append_response_head(std::string& out, Status status, const Headers& headers, const ResponseFraming& framing) {
  for (std::size_t i = 0; i < headers.size(); ++i) check_field(headers[i]);

  out.append("HTTP/1.1 ").append(std::to_string(status.code())).append(" ").append(status.reason()).append("\r\n");
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Headers::Field field = headers[i];
    if (!belongs_to_framing(field.name)) append_field(out, field.name, field.value);
  }
  if (framing.content_length && !status.is_bodiless()) {
    append_field(out, "Content-Length", std::to_string(*framing.content_length));
  }
  if (framing.chunked && !status.is_bodiless()) append_field(out, "Transfer-Encoding", "chunked");
  if (!framing.date.empty()) append_field(out, "Date", framing.date);
  if (!framing.keep_alive) {
    append_field(out, "Connection", "close");
  } else if (framing.is_http10) {
    append_field(out, "Connection", "keep-alive");
  }
  out.append("\r\n");
}

}  // namespace prometheus_async::aio::http
