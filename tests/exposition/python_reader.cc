// SPDX-License-Identifier: Apache-2.0
#include "tests/exposition/python_reader.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include <boost/json.hpp>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return std::string(value.as_string()); }
double number(const json::value& value) { return std::strtod(text(value).c_str(), nullptr); }

LabelMap labels(const json::value& value) {
  LabelMap all;
  for (const auto& label : value.as_object()) {
    const std::string name(label.key());
    all[name] = canonical_label(name, text(label.value()));
  }
  return all;
}

ReadSample sample(const json::value& value) {
  const json::array& parts = value.as_array();
  ReadSample result{.name = text(parts.at(0)), .labels = labels(parts.at(1)), .value = number(parts.at(2))};
  if (const json::value& exemplar = parts.at(3); !exemplar.is_null()) {
    result.exemplar = ReadExemplar{.labels = labels(exemplar.at(0)), .value = number(exemplar.at(1))};
    if (!exemplar.at(2).is_null()) result.exemplar->timestamp = number(exemplar.at(2));
  }
  if (!parts.at(4).is_null()) throw std::runtime_error("a sample has a timestamp");
  return result;
}

ReadPage page_of(const json::value& value) {
  ReadPage page;
  for (const json::value& each : value.as_array()) {
    const json::array& parts = each.as_array();
    ReadFamily& family = page.emplace_back();
    family = {.name = text(parts.at(0)),
              .type = text(parts.at(1)),
              .help = text(parts.at(2)),
              .unit = text(parts.at(3)),
              .samples = {}};
    for (const json::value& found : parts.at(4).as_array()) family.samples.push_back(sample(found));
  }
  return page;
}

}  // namespace

std::size_t PythonReader::add(std::string_view body, Syntax syntax) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/page-", requests_.size());
  std::ofstream(path, std::ios::binary) << body;
  requests_.emplace_back(path, syntax);
  return requests_.size() - 1;
}

void PythonReader::run() {
  const std::string list = absl::StrCat(std::getenv("TEST_TMPDIR"), "/pages");
  std::ofstream file(list);
  for (const auto& [path, syntax] : requests_) {
    file << (syntax == Syntax::kText ? "text " : "openmetrics ") << path << '\n';
  }
  file.close();
  // PROMETHEUS_CLIENT is .../prometheus_client/__init__.py, and the folder above is what Python looks in.
  const auto client = std::filesystem::path(std::getenv("PROMETHEUS_CLIENT")).parent_path().parent_path();
  const auto decorator = std::filesystem::path(std::getenv("PYTHON_DECORATOR")).parent_path();
  ChildProcess python({"/usr/bin/python3", std::getenv("READ_PAGES"), list},
                      {"PYTHONPATH=" + client.string() + ":" + decorator.string(), "PYTHONDONTWRITEBYTECODE=1"});
  const auto status = python.wait_for_exit(std::chrono::seconds(120));
  std::istringstream answers(python.output());
  for (std::string line; std::getline(answers, line);) {
    boost::system::error_code error;
    const json::value answer = json::parse(line, error);
    if (error) throw std::runtime_error("Python: " + python.output());
    const json::object* const complaint = answer.if_object();
    errors_.push_back(complaint == nullptr ? "" : text(complaint->at("error")));
    pages_.push_back(complaint == nullptr ? page_of(answer) : ReadPage());
  }
  if (status != 0 || pages_.size() != requests_.size()) throw std::runtime_error("Python: " + python.output());
}

const ReadPage& PythonReader::page(std::size_t number) const {
  if (!errors_.at(number).empty()) throw std::runtime_error(errors_.at(number));
  return pages_.at(number);
}

}  // namespace prometheus_async::testing
