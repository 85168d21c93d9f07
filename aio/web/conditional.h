// SPDX-License-Identifier: Apache-2.0
//
// Answers that are not sent again to who has them, and changes that are not made to what has changed meanwhile.
//
//   app.use(web::conditional());  // further out than web::compress()
//
//   asio::awaitable<web::Response> put_note(web::Request& request) {
//     web::check_preconditions(request, {.etag = http::EntityTag{note.version()}});
//     note.set_text(co_await request.text());
//     co_return web::Response{204};
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_CONDITIONAL_H_
#define PROMETHEUS_ASYNC_AIO_WEB_CONDITIONAL_H_

#include <cstddef>
#include <string_view>

#include "aio/http/conditional.h"
#include "aio/web/middleware.h"
#include "aio/web/request.h"

namespace prometheus_async::aio::web {

// For what costs much to make or is not to be lost: called before that is done, with what there is at the moment.
//
// Throws HttpError 412, or to GET and HEAD 304, by http::evaluate_preconditions(). The 304 has ETag and Last-Modified.
void check_preconditions(const Request& request, const http::Validators& current);

// A strong tag for these bytes: 128 bits of their SHA-256, so that nobody finds two texts of one tag. That is in the
// libcrypto that TLS needs anyway, whatever that was built with, and with the processor's help.
http::EntityTag make_etag(std::string_view body);

struct ConditionalOptions {
  // Bytes above which an answer gets no tag, since a hash takes the loop some milliseconds for this. One that the
  // handler has set counts all the same.
  std::size_t max_size = 1024 * 1024;
};

// Gives each 200 to GET and HEAD an ETag, unless its handler has set one or said `Cache-Control: no-store`, and answers
// 304 or 412 instead if the request says so, also by a Last-Modified that the handler has set. The handler has done its
// work by then: what is saved is the sending. A 304 keeps the fields of the answer but for Content-Type,
// Content-Encoding, Content-Language, Content-Length.
//
// Beside compress() it goes further out, so that the tag is of what is sent. Streamed answers are left alone.
Middleware conditional(ConditionalOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_CONDITIONAL_H_
