// SPDX-License-Identifier: Apache-2.0

#include "aio/web/exporter_flags.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace prometheus_async::aio::web {
namespace {

[[noreturn]] void refuse(std::string_view flag, std::string_view value, std::string_view rule) {
  throw std::invalid_argument("--" + std::string(flag) + ": '" + std::string(value) + "' " + std::string(rule));
}

template <class Number>
Number to_number(std::string_view flag, std::string_view whole, std::string_view digits, std::string_view rule) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) refuse(flag, whole, rule);
  return number;
}

net::Address to_address(std::string_view flag, std::string_view text) {
  constexpr std::string_view kRule = "is not HOST:PORT, with an IPv6 address in brackets";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse(flag, text, kRule);
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (has_brackets) host = host.substr(1, host.size() - 2);
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  if (is_ipv6 != has_brackets || host.find_first_of("[]/ ") != std::string_view::npos) refuse(flag, text, kRule);
  return {std::string(host), to_number<std::uint16_t>(flag, text, text.substr(colon + 1), kRule)};
}

// With a value.
struct Valued {
  std::string_view name;
  std::string_view help;
  void (*set)(ExporterFlags&, std::string_view flag, std::string_view value);
};

// Without.
struct Switch {
  std::string_view name;
  std::string_view help;
  bool ExporterFlags::* is_on;
};

constexpr std::array kValued{
    Valued{"web.listen-address", "=HOST:PORT  Where to listen; may be given several times.",
           [](ExporterFlags& flags, std::string_view flag, std::string_view value) {
             flags.listen_addresses.push_back(to_address(flag, value));
           }},
    Valued{"web.config.file", "=PATH  TLS, passwords and headers: Prometheus' web configuration file.",
           [](ExporterFlags& flags, std::string_view, std::string_view value) { flags.config_file = value; }},
    Valued{"web.telemetry-path", "=PATH  Where the metrics are (/metrics).",
           [](ExporterFlags& flags, std::string_view flag, std::string_view value) {
             if (!value.starts_with('/')) refuse(flag, value, "does not begin with a slash");
             flags.telemetry_path = value;
           }},
    Valued{"web.max-requests", "=N  Scrapes at a time (40); 0: any number.",
           [](ExporterFlags& flags, std::string_view flag, std::string_view value) {
             flags.max_requests = to_number<std::size_t>(flag, value, value, "is not a number from 0 on");
           }},
};

constexpr std::array kSwitches{
    Switch{"web.systemd-socket", "  Serve systemd's sockets in place of addresses.", &ExporterFlags::uses_systemd},
    Switch{"web.config.check", "  Say whether the file of --web.config.file is good, and end.",
           &ExporterFlags::checks_config},
    Switch{"web.disable-exporter-metrics", "  No metrics about the process and the scrapes themselves.",
           &ExporterFlags::hides_exporter_metrics},
    Switch{"help", "  This text.", &ExporterFlags::wants_help},
    Switch{"version", "  The version.", &ExporterFlags::wants_version},
};

// Whether it was one of the switches, with "no-" in front perhaps.
bool set_switch(ExporterFlags& flags, std::string_view name) {
  const bool is_off = name.starts_with("no-");
  if (is_off) name.remove_prefix(std::string_view("no-").size());
  for (const Switch& each : kSwitches) {
    if (each.name != name) continue;
    flags.*each.is_on = !is_off;
    return true;
  }
  return false;
}

const Valued* find_valued(std::string_view name) {
  for (const Valued& each : kValued) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

}  // namespace

ExporterFlags parse_exporter_flags(const std::vector<std::string>& arguments) {
  ExporterFlags flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      flags.rest.insert(flags.rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (argument == "-h") {
      flags.wants_help = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string name = argument.starts_with("--") ? argument.substr(2, has_value ? equals - 2 : equals) : "";
    if (const Valued* valued = find_valued(name)) {
      if (!has_value && i + 1 == arguments.size()) throw std::invalid_argument("--" + name + " needs a value");
      valued->set(flags, name, has_value ? argument.substr(equals + 1) : arguments[++i]);
    } else if (has_value || !set_switch(flags, name)) {
      if (name.starts_with("web.") || name.starts_with("no-web.")) {
        throw std::invalid_argument("--" + name + (has_value ? " is unknown, or takes no value" : " is unknown"));
      }
      flags.rest.push_back(argument);
    }
  }
  if (flags.checks_config && flags.config_file.empty()) {
    throw std::invalid_argument("--web.config.check needs --web.config.file");
  }
  return flags;
}

std::string exporter_flags_help() {
  std::string help;
  for (const Valued& each : kValued) help.append("  --").append(each.name).append(each.help).append("\n");
  for (const Switch& each : kSwitches) help.append("  --").append(each.name).append(each.help).append("\n");
  return help;
}

}  // namespace prometheus_async::aio::web
