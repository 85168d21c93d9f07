// SPDX-License-Identifier: Apache-2.0

#include "aio/web/json.h"

#include <string>
#include <string_view>

#include <boost/json/parse_options.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/system/error_code.hpp>

#include "aio/web/http_error.h"

namespace prometheus_async::aio::web {

asio::awaitable<boost::json::value> read_json(Request& request) {
  const std::string_view content = co_await request.read();
  boost::json::parse_options options;
  options.max_depth = kMostJsonDepth;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  const std::size_t size = parser.write_some(content.data(), content.size(), error);
  if (!error && size < content.size()) error = boost::json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) {
    throw bad_request("the body is not JSON: " + error.message() + " at byte " + std::to_string(size));
  }
  co_return parser.release();
}

}  // namespace prometheus_async::aio::web
