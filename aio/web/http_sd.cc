// SPDX-License-Identifier: Apache-2.0

#include "aio/web/http_sd.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "aio/web/http_error.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web::internal {
namespace {

constexpr std::size_t kMostReasonBytes = 300;

using Ask = std::function<asio::awaitable<TargetGroups>()>;

// The first line, in printable ASCII.
std::string reason_of(std::string_view what) {
  std::string line(what.substr(0, std::min(what.find('\n'), kMostReasonBytes)));
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

Response unavailable(std::string_view what) {
  Response response = service_unavailable({}, reason_of(what)).response();
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

Handler make_http_sd(Ask ask) {
  return [ask = std::move(ask)](Request&) -> asio::awaitable<Response> {
    try {
      const TargetGroups groups = co_await ask();
      Response response = json(sd::to_json(groups));
      response.headers.set("Cache-Control", "no-store");
      co_return response;
    } catch (const HttpError&) {
      throw;
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) throw;  // the client has gone, or the server stops
      co_return unavailable(error.what());
    } catch (const std::exception& error) {
      co_return unavailable(error.what());
    }
  };
}

}  // namespace prometheus_async::aio::web::internal
