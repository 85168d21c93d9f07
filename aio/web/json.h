// SPDX-License-Identifier: Apache-2.0
//
// JSON in requests and answers, by Boost.JSON.
//
//   asio::awaitable<web::Response> add(web::Request& request) {
//     const boost::json::value sum = co_await web::read_json(request);
//     const std::int64_t total = sum.at("a").to_number<std::int64_t>() + sum.at("b").to_number<std::int64_t>();
//     co_return web::json(boost::json::object{{"sum", total}});
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_JSON_H_
#define PROMETHEUS_ASYNC_AIO_WEB_JSON_H_

#include <concepts>
#include <cstddef>

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

// The body, parsed: strict JSON of RFC 8259, in UTF-8; of members of one name the last counts. As in aiohttp, the
// request's content type is not looked at.
//
// Throws HttpError 400 that says what is wrong and where ("at byte 17"), also for more than kMostJsonDepth arrays and
// objects within each other; and as Request::read(). A value that is not what the handler expects is the handler's own
// to find: `at()` and `to_number()` throw what becomes a 500.
asio::awaitable<boost::json::value> read_json(Request& request);
inline constexpr std::size_t kMostJsonDepth = 32;

// application/json. Of text that is JSON already, see response.h.
template <class T>
  requires std::same_as<T, boost::json::value> || std::same_as<T, boost::json::object> ||
           std::same_as<T, boost::json::array>
Response json(const T& value, Status status = 200) {
  return json(Body(boost::json::serialize(value)), status);
}

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_JSON_H_
