// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/prometheus_server.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

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

// The API writes numbers as strings, so that they may be NaN or infinite.
double number(const json::value& value) { return std::strtod(text(value).c_str(), nullptr); }

PrometheusServer::Labels labels(const json::value& object) {
  PrometheusServer::Labels all;
  for (const auto& label : object.as_object()) all.emplace(std::string(label.key()), text(label.value()));
  return all;
}

PrometheusServer::Histogram histogram(const json::value& value) {
  PrometheusServer::Histogram result{.count = number(value.at("count")), .sum = number(value.at("sum")), .buckets = {}};
  const json::value* const buckets = value.as_object().if_contains("buckets");  // absent where all are empty
  if (buckets == nullptr) return result;
  for (const json::value& each : buckets->as_array()) {
    const json::array& parts = each.as_array();
    result.buckets.push_back(
        {static_cast<int>(parts.at(0).as_int64()), number(parts.at(1)), number(parts.at(2)), number(parts.at(3))});
  }
  return result;
}

}  // namespace

PrometheusServer::PrometheusServer(const std::string& program, const std::string& scrape_configs,
                                   const std::vector<std::string>& flags) {
  const std::string directory = absl::StrCat(std::getenv("TEST_TMPDIR"), "/prometheus-", port_.text());
  const std::string config = directory + ".yml";
  std::ofstream(config) << "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n" << scrape_configs;
  std::vector<std::string> argv{program,
                                "--config.file=" + config,
                                "--storage.tsdb.path=" + directory,
                                "--web.listen-address=127.0.0.1:" + port_.text(),
                                "--web.console.templates=" + directory,
                                "--web.console.libraries=" + directory};
  argv.insert(argv.end(), flags.begin(), flags.end());
  process_.emplace(argv);
}

bool PrometheusServer::wait_until_ready() {
  return process_->wait_until([&] { return http_get(url("/-/ready")).status == 200; });
}

bool PrometheusServer::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  return process_->wait_until(condition, limit);
}

std::vector<PrometheusServer::Series> PrometheusServer::query(const std::string& promql) const {
  const auto answer = http_get(url("/api/v1/query?query=" + percent_encoded(promql)));
  if (answer.status != 200) return {};
  std::vector<Series> all;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& each : parsed.at("data").at("result").as_array()) {
    Series& series = all.emplace_back();
    series.labels = labels(each.at("metric"));
    if (const json::value* const native = each.as_object().if_contains("histogram")) {
      series.histogram = histogram(native->as_array().at(1));
    } else {
      series.value = number(each.at("value").as_array().at(1));
    }
  }
  return all;
}

std::vector<PrometheusServer::Target> PrometheusServer::targets() const {
  const auto answer = http_get(url("/api/v1/targets?state=active"));
  if (answer.status != 200) return {};
  std::vector<Target> all;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& each : parsed.at("data").at("activeTargets").as_array()) {
    all.push_back(
        {text(each.at("scrapeUrl")), text(each.at("health")), text(each.at("lastError")), labels(each.at("labels"))});
  }
  return all;
}

std::vector<PrometheusServer::Exemplar> PrometheusServer::exemplars(const std::string& promql) const {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto answer = http_get(url(absl::StrCat("/api/v1/query_exemplars?query=", percent_encoded(promql),
                                                "&start=", now - 3600, "&end=", now + 3600)));
  if (answer.status != 200) return {};
  std::vector<Exemplar> all;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& series : parsed.at("data").as_array()) {
    for (const json::value& each : series.at("exemplars").as_array()) {
      all.push_back({labels(series.at("seriesLabels")), labels(each.at("labels")), number(each.at("value")),
                     each.at("timestamp").to_number<double>()});
    }
  }
  return all;
}

std::map<std::string, PrometheusServer::Metadata> PrometheusServer::metadata(const std::string& job) const {
  const auto answer =
      http_get(url("/api/v1/targets/metadata?match_target=" + percent_encoded("{job=\"" + job + "\"}")));
  if (answer.status != 200) return {};
  std::map<std::string, Metadata> all;
  const json::value parsed = json::parse(answer.body);
  for (const json::value& each : parsed.at("data").as_array()) {
    all[text(each.at("metric"))] = {text(each.at("type")), text(each.at("help")), text(each.at("unit"))};
  }
  return all;
}

std::vector<std::string> PrometheusServer::own_metrics(const std::string& prefix) const {
  std::istringstream page(http_get(url("/metrics")).body);
  std::vector<std::string> lines;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(prefix)) lines.push_back(line);
  }
  return lines;
}

}  // namespace prometheus_async::testing
