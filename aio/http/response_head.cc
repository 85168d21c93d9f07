// SPDX-License-Identifier: Apache-2.0

#include "aio/http/response_head.h"

#include <charconv>
#include <cstring>
#include <stdexcept>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::http {
namespace {

void check_field(const Headers::Field& field) {
  if (!is_token(field.name)) {
    throw std::invalid_argument("response header \"" + std::string(field.name) + "\": the name is no token");
  }
  if (!is_field_value(field.value)) {
    throw std::invalid_argument("response header \"" + std::string(field.name) + "\": control byte in the value");
  }
}

bool belongs_to_framing(std::string_view name) {
  return ascii_iequals(name, "Connection") || ascii_iequals(name, "Content-Length") || ascii_iequals(name, "Date") ||
         ascii_iequals(name, "Transfer-Encoding");
}

// Writes to memory that is large enough: a head is a dozen pieces, each of which a string would ask for room.
class Writer {
 public:
  explicit Writer(char* out) : out_(out) {}

  Writer& operator<<(std::string_view text) {
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
    return *this;
  }
  Writer& operator<<(std::uint64_t number) {
    out_ = std::to_chars(out_, out_ + 20, number).ptr;
    return *this;
  }
  char* end() const { return out_; }

 private:
  char* out_;
};

// All that is not of the fields: "HTTP/1.1 511 Network Authentication Required", the framing, the names and line ends.
constexpr std::size_t kMostOfTheRest = 256;

}  // namespace

void append_response_head(std::string& out, Status status, const Headers& headers, const ResponseFraming& framing) {
  std::size_t most = kMostOfTheRest + framing.date.size();
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Headers::Field field = headers[i];
    check_field(field);
    most += field.name.size() + field.value.size() + 4;
  }

  const std::size_t begin = out.size();
  out.resize(begin + most);
  Writer writer(out.data() + begin);
  if (const std::string_view line = status.line(); !line.empty()) {
    writer << line;
  } else {
    writer << "HTTP/1.1 " << static_cast<std::uint64_t>(status.code()) << " " << status.reason() << "\r\n";
  }
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Headers::Field field = headers[i];
    if (!belongs_to_framing(field.name)) writer << field.name << ": " << field.value << "\r\n";
  }
  if (framing.content_length && !status.is_bodiless()) {
    writer << "Content-Length: " << *framing.content_length << "\r\n";
  }
  if (framing.chunked && !status.is_bodiless()) writer << "Transfer-Encoding: chunked\r\n";
  if (!framing.date.empty()) writer << "Date: " << framing.date << "\r\n";
  if (!framing.keep_alive) {
    writer << "Connection: close\r\n";
  } else if (framing.is_http10) {
    writer << "Connection: keep-alive\r\n";
  }
  writer << "\r\n";
  out.resize(static_cast<std::size_t>(writer.end() - out.data()));
}

}  // namespace prometheus_async::aio::http
