// SPDX-License-Identifier: Apache-2.0
//
// What a request says about the page that it wants, and how its parts read.
//
//   const exposition::ScrapeRequest request{.accept = "text/plain", .query = "name[]=up&name[]=hits_total"};
//   exposition::requested_names(request.query);   // {"hits_total", "up"}
//   exposition::requested_timeout("10");          // 9.5 s
#ifndef PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_REQUEST_H_
#define PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_REQUEST_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus_async::exposition {

// As the fields of the request have it; empty where there is none. A field that came several times is one list.
struct ScrapeRequest {
  std::string accept = {};           // Accept
  std::string accept_encoding = {};  // Accept-Encoding
  std::string query = {};            // of the URL, without the `?`
  std::string timeout = {};          // X-Prometheus-Scrape-Timeout-Seconds
};

// The names that the parameter `name[]` asks for, ascending, each once; empty, for all metrics, where it is not there.
// Names and values are percent-decoded, `+` is a blank; a % without two digits stands for itself.
std::vector<std::string> requested_names(std::string_view query);

// The time that the scraper gives, less a tenth and at most half a second, which the answer needs to get there. None
// where it does not say, or says no number above 0. Never more than a day.
std::optional<std::chrono::nanoseconds> requested_timeout(std::string_view seconds);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_REQUEST_H_
