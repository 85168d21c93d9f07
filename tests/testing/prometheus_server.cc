// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/prometheus_server.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include <boost/json.hpp>

#include "tests/testing/http_get.h"

namespace prometheus_async::testing {
namespace {

namespace json = boost::json;

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string text(const json::value& value) { return std::string(value.as_string()); }

}  // namespace

PrometheusServer::PrometheusServer(const std::string& program, const std::string& scrape_configs) {
  const std::string directory = absl::StrCat(std::getenv("TEST_TMPDIR"), "/prometheus-", port_.text());
  const std::string config = directory + ".yml";
  std::ofstream(config) << "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n" << scrape_configs;
  process_.emplace(std::vector<std::string>{program, "--config.file=" + config, "--storage.tsdb.path=" + directory,
                                            "--web.listen-address=127.0.0.1:" + port_.text(),
                                            "--web.console.templates=" + directory,
                                            "--web.console.libraries=" + directory});
}

bool PrometheusServer::wait_until_ready() {
  return process_->wait_until([&] { return http_get(url("/-/ready")).status == 200; });
}

bool PrometheusServer::wait_until(const std::function<bool()>& condition) {
  return process_->wait_until(condition, std::chrono::seconds(60));
}

std::vector<PrometheusServer::Series> PrometheusServer::query(const std::string& promql) const {
  const auto answer = http_get(url("/api/v1/query?query=" + percent_encoded(promql)));
  if (answer.status != 200) return {};
  std::vector<Series> all;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& each : parsed.at("data").at("result").as_array()) {
    Series& series = all.emplace_back();
    for (const auto& label : each.at("metric").as_object()) {
      series.labels.emplace(std::string(label.key()), text(label.value()));
    }
    series.value = std::strtod(text(each.at("value").as_array().at(1)).c_str(), nullptr);
  }
  return all;
}

std::vector<PrometheusServer::Target> PrometheusServer::targets() const {
  const auto answer = http_get(url("/api/v1/targets?state=active"));
  if (answer.status != 200) return {};
  std::vector<Target> all;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& each : parsed.at("data").at("activeTargets").as_array()) {
    all.push_back({text(each.at("scrapeUrl")), text(each.at("health")), text(each.at("lastError"))});
  }
  return all;
}

}  // namespace prometheus_async::testing
