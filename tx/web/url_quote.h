// SPDX-License-Identifier: Apache-2.0
//
// Text into the places of a URL: what a segment of a path and an item of a query need escaped, and no more.
//
//   quote_segment("a/b c");  // "a%2Fb%20c"
//   quote_path("a/b c");     // "a/b%20c"
//   quote_query("a/b c");    // "a%2Fb+c"
#ifndef PROMETHEUS_ASYNC_TX_WEB_URL_QUOTE_H_
#define PROMETHEUS_ASYNC_TX_WEB_URL_QUOTE_H_

#include <string>
#include <string_view>

namespace prometheus_async::tx::web {

// One segment: pchar of RFC 3986 stays, everything else, `/` with it, becomes an escape in upper-case digits.
std::string quote_segment(std::string_view text);

// Several segments: `/` stays as well.
std::string quote_path(std::string_view text);

// A name or a value in application/x-www-form-urlencoded: letters, digits and `-._~` stay, a space is `+`.
std::string quote_query(std::string_view text);

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_URL_QUOTE_H_
