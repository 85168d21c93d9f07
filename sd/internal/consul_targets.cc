// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/consul_targets.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <boost/json.hpp>

namespace prometheus_async::sd::internal {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return std::string(value.as_string()); }

// A member that older versions leave out, or that is null.
const json::value* member(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string optional_text(const json::object& object, const char* name) {
  const json::value* const value = member(object, name);
  return value == nullptr ? std::string() : text(*value);
}

std::vector<std::string> texts(const json::value* list) {
  std::vector<std::string> all;
  if (list == nullptr || list->is_null()) return all;
  for (const json::value& each : list->as_array()) all.push_back(text(each));
  return all;
}

// An underscore for each character that a label's name cannot have.
std::string label_name(std::string_view key) {
  std::string name;
  for (const unsigned char c : key) {
    if ((c & 0xC0) == 0x80) continue;  // not the first byte of a character
    name += absl::ascii_isalnum(c) ? static_cast<char>(c) : '_';
  }
  return name;
}

class MetaLabels {
 public:
  void set(const std::string& name, std::string value) {
    if (!value.empty()) labels_["__meta_consul_" + name] = std::move(value);
  }
  void set_all(const std::string& prefix, const json::value* object) {
    if (object == nullptr) return;
    for (const auto& pair : object->as_object()) {
      set(prefix + label_name({pair.key().data(), pair.key().size()}), text(pair.value()));
    }
  }
  TargetLabels take() { return std::move(labels_); }

 private:
  TargetLabels labels_;
};

// The Go client's Checks.AggregatedStatus().
std::string health(const json::value* checks) {
  bool is_critical = false;
  bool is_warning = false;
  bool is_in_maintenance = false;
  if (checks != nullptr) {
    for (const json::value& each : checks->as_array()) {
      const json::object& check = each.as_object();
      const std::string id = optional_text(check, "CheckID");
      const std::string status = optional_text(check, "Status");
      if (id == "_node_maintenance" || id.starts_with("_service_maintenance:")) {
        is_in_maintenance = true;
      } else if (status == "critical") {
        is_critical = true;
      } else if (status == "warning") {
        is_warning = true;
      } else if (status != "passing") {
        return "";
      }
    }
  }
  if (is_in_maintenance) return "maintenance";
  if (is_critical) return "critical";
  return is_warning ? "warning" : "passing";
}

TargetGroup instance(const json::object& entry) {
  const json::object& node = entry.at("Node").as_object();
  const json::object& service = entry.at("Service").as_object();
  const std::string node_address = text(node.at("Address"));
  const std::string service_address = optional_text(service, "Address");
  const auto port = service.at("Port").to_number<std::int64_t>();

  std::string tags = ",";
  for (const std::string& tag : texts(member(service, "Tags"))) absl::StrAppend(&tags, tag, ",");
  if (tags == ",") tags = ",,";  // the separator around nothing

  MetaLabels labels;
  labels.set("address", node_address);
  labels.set("node", text(node.at("Node")));
  labels.set("dc", optional_text(node, "Datacenter"));
  labels.set("service", text(service.at("Service")));
  labels.set("service_id", text(service.at("ID")));
  labels.set("service_address", service_address);
  labels.set("service_port", absl::StrCat(port));
  labels.set("namespace", optional_text(service, "Namespace"));
  labels.set("partition", optional_text(service, "Partition"));
  labels.set("tags", std::move(tags));
  labels.set("health", health(member(entry, "Checks")));
  labels.set_all("metadata_", member(node, "Meta"));
  labels.set_all("service_metadata_", member(service, "Meta"));
  labels.set_all("tagged_address_", member(node, "TaggedAddresses"));

  std::string host = service_address.empty() ? node_address : service_address;
  if (host.find(':') != host.npos) host = absl::StrCat("[", host, "]");
  return {.targets = {absl::StrCat(host, ":", port)}, .labels = labels.take()};
}

}  // namespace

std::vector<std::string> services_in(const std::string& text, const std::vector<std::string>& tags) {
  const json::value parsed = json::parse(text);
  std::vector<std::string> names;
  for (const auto& service : parsed.as_object()) {
    const std::vector<std::string> there = texts(&service.value());
    const bool has_all = std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
      return std::find(there.begin(), there.end(), tag) != there.end();
    });
    if (has_all) names.emplace_back(service.key());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<TargetGroup> instances_in(const std::string& text) {
  const json::value parsed = json::parse(text);
  std::vector<TargetGroup> all;
  for (const json::value& each : parsed.as_array()) all.push_back(instance(each.as_object()));
  return all;
}

}  // namespace prometheus_async::sd::internal
