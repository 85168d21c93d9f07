// SPDX-License-Identifier: Apache-2.0
//
// The target of a request line (RFC 9112 3.2), checked and taken apart.
//
//   Target target;
//   target.assign("GET", "/users/J%C3%BCrgen?verbose").ok();  // true
//   target.path();                                            // "/users/Jürgen"
//   target.query_string();                                    // "verbose"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_TARGET_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_TARGET_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace prometheus_async::aio::http {

// Whether this may stand in a Host field or as an authority: a name, an IPv4 address or a bracketed IPv6 address, and
// perhaps a port. No user information, no list, no white space, not empty.
bool is_valid_host(std::string_view host);

// Views given out stay valid until the next assign() and do not survive a move. An object is made to be assigned to
// again and again, and then keeps its memory.
class Target {
 public:
  enum class Form {
    kOrigin,     // /path?query
    kAbsolute,   // http://host/path?query
    kAuthority,  // host:port, of CONNECT alone
    kAsterisk,   // *, of OPTIONS alone
  };

  // Takes what stood between the two spaces of the request line.
  //
  // InvalidArgument, with the rule, for: an empty target; bytes other than visible ASCII; `"`, `#`, `<`, `>` and `\`;
  // in the path an escape without two hexadecimal digits, `%00`, text that decodes to something else than UTF-8, and a
  // segment that decodes to `.` or `..`; a form that does not go with the method; a scheme other than http and https;
  // a bad authority. The object is then unspecified. Repeated slashes are kept.
  absl::Status assign(std::string_view method, std::string_view target);

  Form form() const { return form_; }
  // As it came.
  std::string_view raw() const { return raw_; }
  // host[:port] of the absolute and the authority form, otherwise empty.
  std::string_view authority() const { return part(authority_); }
  // As it came, without the query; "/" where an absolute target has none; "*" and the authority in the other forms.
  std::string_view raw_path() const { return path_.size == 0 ? std::string_view("/") : part(path_); }
  // Decoded, once.
  std::string_view path() const { return has_escapes_ ? decoded_path_ : raw_path(); }
  // Decoded but for `%2F` and `%25`: what routes are matched on, so that an escaped slash makes no segment. A segment
  // of it becomes text by one more percent_decode.
  std::string_view routing_path() const { return has_escapes_ ? routing_path_ : raw_path(); }
  // As it came, without the `?`.
  std::string_view query_string() const { return part(query_); }

 private:
  struct Part {
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  std::string_view part(Part part) const { return std::string_view(raw_).substr(part.begin, part.size); }
  absl::Status assign_path_and_query(std::size_t begin);

  Form form_ = Form::kOrigin;
  std::string raw_;
  Part authority_;
  Part path_;
  Part query_;
  bool has_escapes_ = false;  // of the path; the next two are set if so
  std::string decoded_path_;
  std::string routing_path_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_TARGET_H_
