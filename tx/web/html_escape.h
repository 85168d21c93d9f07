// SPDX-License-Identifier: Apache-2.0
//
// Text for a page: what HTML takes specially, in text and in quoted attributes, as entities.
//
//   escape_html("<b> & \"c\"");  // "&lt;b&gt; &amp; &quot;c&quot;"
#ifndef PROMETHEUS_ASYNC_TX_WEB_HTML_ESCAPE_H_
#define PROMETHEUS_ASYNC_TX_WEB_HTML_ESCAPE_H_

#include <string>
#include <string_view>

namespace prometheus_async::tx::web {

// As Python's html.escape.
std::string escape_html(std::string_view text);

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_HTML_ESCAPE_H_
