// SPDX-License-Identifier: Apache-2.0

#include "aio/web/web_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "absl/time/time.h"
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "aio/http/ascii.h"
#include "aio/net/file_watch.h"
#include "aio/web/bcrypt.h"

namespace prometheus_async::aio::web {
namespace {

[[noreturn]] void fail(int line, const std::string& what) {
  throw std::invalid_argument("line " + std::to_string(line) + ": " + what);
}

[[noreturn]] void fail(const YAML::Mark& mark, const std::string& what) {
  // A node that was left empty at the end of the file may be nowhere.
  if (mark.is_null()) throw std::invalid_argument(what);
  fail(mark.line + 1, what);
}

// --- Values. A field that is left empty, or null, is as one that is not there: Go's zero value.

std::string text_of(const YAML::Node& node, const std::string& field) {
  if (node.IsNull()) return {};
  if (!node.IsScalar()) fail(node.Mark(), field + " is not a string");
  return node.Scalar();
}

// Quoted, it is a string.
bool flag_of(const YAML::Node& node, const std::string& field, bool default_value) {
  if (node.IsNull()) return default_value;
  bool value = false;
  if (!node.IsScalar() || node.Tag() == "!" || !YAML::convert<bool>::decode(node, value)) {
    fail(node.Mark(), field + " is neither true nor false");
  }
  return value;
}

std::int64_t integer_of(const YAML::Node& node, const std::string& field) {
  const std::string text = text_of(node, field);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!node.IsNull() && (error != std::errc() || end != text.data() + text.size())) {
    fail(node.Mark(), field + " is not an integer: " + text);
  }
  return value;
}

// As Go writes them, "1m30s" or "0".
std::chrono::nanoseconds duration_of(const YAML::Node& node, const std::string& field) {
  const std::string text = text_of(node, field);
  absl::Duration duration = absl::ZeroDuration();
  if (!node.IsNull() && !absl::ParseDuration({text.data(), text.size()}, &duration)) {
    fail(node.Mark(), field + " is not a duration such as 500ms or 1m30s: " + text);
  }
  return absl::ToChronoNanoseconds(duration);  // an infinite one: 292 years
}

std::vector<std::string> list_of(const YAML::Node& node, const std::string& field,
                                 const std::function<std::string(const std::string&)>& convert) {
  if (node.IsNull()) return {};
  if (!node.IsSequence()) fail(node.Mark(), field + " is not a list");
  std::vector<std::string> list;
  for (const YAML::Node& item : node) {
    try {
      list.push_back(convert(text_of(item, "an item of " + field)));
    } catch (const std::out_of_range& error) {
      fail(item.Mark(), error.what());
    }
  }
  return list;
}

// The value of a name. Throws std::out_of_range, "unknown KIND: NAME".
template <class T>
T look_up(const std::string& kind, const std::string& name, std::initializer_list<std::pair<std::string_view, T>> all) {
  for (const auto& [known, value] : all) {
    if (known == name) return value;
  }
  throw std::out_of_range(kind + ": " + name);
}

// --- Mappings.

using ReadField = std::function<void(const std::string& key, const YAML::Node& key_node, const YAML::Node& value)>;

// Calls `read` for each field. Nothing for one that is empty.
void read_mapping(const YAML::Node& node, const std::string& name, const ReadField& read) {
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) fail(node.Mark(), name + " is not a mapping");
  std::vector<std::string> seen;
  for (const auto& field : node) {
    if (!field.first.IsScalar()) fail(field.first.Mark(), "a key of " + name + " is not a string");
    const std::string& key = field.first.Scalar();
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      fail(field.first.Mark(), "field " + key + " already set in " + name);
    }
    seen.push_back(key);
    read(key, field.first, field.second);
  }
}

struct Field {
  std::string_view key;
  std::function<void(const YAML::Node& value)> read;
};

// The same for a mapping whose fields are known.
void read_fields(const YAML::Node& node, const std::string& name, const std::vector<Field>& fields) {
  read_mapping(node, name, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& each) { return each.key == key; });
    if (field == fields.end()) fail(key_node.Mark(), "field " + key + " not found in " + name);
    field->read(value);
  });
}

// --- The sections. Words are the toolkit's where it has some.

std::string join_directory(std::string_view directory, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

net::ClientAuthType client_auth_type_of(const std::string& name) {
  using net::ClientAuthType;
  return look_up<ClientAuthType>("invalid ClientAuth", name,
                                 {{"", ClientAuthType::kNoClientCert},
                                  {"NoClientCert", ClientAuthType::kNoClientCert},
                                  {"RequestClientCert", ClientAuthType::kRequestClientCert},
                                  {"RequireAnyClientCert", ClientAuthType::kRequireAnyClientCert},
                                  {"RequireClientCert", ClientAuthType::kRequireAnyClientCert},
                                  {"VerifyClientCertIfGiven", ClientAuthType::kVerifyClientCertIfGiven},
                                  {"RequireAndVerifyClientCert", ClientAuthType::kRequireAndVerifyClientCert}});
}

net::TlsVersion version_of(const std::string& name) {
  using net::TlsVersion;
  return look_up<TlsVersion>("unknown TLS version", name,
                             {{"TLS13", TlsVersion::kTls13},
                              {"TLS12", TlsVersion::kTls12},
                              {"TLS11", TlsVersion::kTls11},
                              {"TLS10", TlsVersion::kTls10}});
}

std::string curve_of(const std::string& name) {
  return look_up<const char*>(
      "unknown curve", name,
      {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}});
}

std::string cipher_of(const std::string& name) {
  if (!net::is_cipher_suite(name)) throw std::out_of_range("unknown cipher: " + name);
  return name;
}

// Sets `out` to what `convert` makes of a text; leaves it as it is for a field without a value.
template <class T>
void read_name(const YAML::Node& node, const std::string& field, T (*convert)(const std::string&), T& out) {
  if (node.IsNull()) return;
  try {
    out = convert(text_of(node, field));
  } catch (const std::out_of_range& error) {
    fail(node.Mark(), error.what());
  }
}

std::optional<net::TlsOptions> read_tls(const YAML::Node& node, std::string_view directory) {
  if (node.IsNull() || (node.IsMap() && node.size() == 0)) return std::nullopt;
  net::TlsOptions tls;
  const auto text_into = [](std::string_view key, std::string& out) {
    return Field{key, [key, &out](const YAML::Node& value) { out = text_of(value, std::string(key)); }};
  };
  const auto path_into = [directory](std::string_view key, std::string& out) {
    return Field{key, [key, &out, directory](const YAML::Node& value) {
                   out = join_directory(directory, text_of(value, std::string(key)));
                 }};
  };
  const std::vector<Field> fields = {
      text_into("cert", tls.cert),
      text_into("key", tls.key),
      text_into("client_ca", tls.client_ca),
      path_into("cert_file", tls.cert_file),
      path_into("key_file", tls.key_file),
      path_into("client_ca_file", tls.client_ca_file),
      {"client_auth_type",
       [&](const YAML::Node& value) {
         read_name(value, "client_auth_type", client_auth_type_of, tls.client_auth_type);
       }},
      {"client_allowed_sans",
       [&](const YAML::Node& value) {
         tls.client_allowed_sans = list_of(value, "client_allowed_sans", [](const std::string& san) { return san; });
         if (!value.IsNull() && tls.client_allowed_sans.empty()) {
           fail(value.Mark(), "client_allowed_sans allows nobody");
         }
       }},
      {"min_version", [&](const YAML::Node& value) { read_name(value, "min_version", version_of, tls.min_version); }},
      {"max_version", [&](const YAML::Node& value) { read_name(value, "max_version", version_of, tls.max_version); }},
      {"cipher_suites",
       [&](const YAML::Node& value) { tls.cipher_suites = list_of(value, "cipher_suites", cipher_of); }},
      {"curve_preferences",
       [&](const YAML::Node& value) { tls.curve_preferences = list_of(value, "curve_preferences", curve_of); }},
      {"prefer_server_cipher_suites",
       [&](const YAML::Node& value) {
         tls.prefer_server_cipher_suites = flag_of(value, "prefer_server_cipher_suites", true);
       }},
  };
  read_fields(node, "tls_server_config", fields);
  try {
    net::validate(tls);
  } catch (const std::invalid_argument& error) {
    fail(node.Mark(), error.what());
  }
  return tls;
}

// Go's %q for a list and for a string.
std::string quote(std::string_view text) { return "\"" + std::string(text) + "\""; }

void read_headers(const YAML::Node& node, http::Headers& headers) {
  struct Allowed {
    std::string_view name;
    std::array<std::string_view, 2> values;
  };
  constexpr std::array<Allowed, 5> kAllowed = {{{"Strict-Transport-Security", {}},
                                                {"X-Content-Type-Options", {"nosniff"}},
                                                {"X-Frame-Options", {"deny", "sameorigin"}},
                                                {"X-XSS-Protection", {}},
                                                {"Content-Security-Policy", {}}}};
  read_mapping(node, "headers", [&](const std::string& name, const YAML::Node& key_node, const YAML::Node& value_node) {
    const auto allowed =
        std::find_if(kAllowed.begin(), kAllowed.end(), [&](const Allowed& each) { return each.name == name; });
    if (allowed == kAllowed.end()) fail(key_node.Mark(), "HTTP header " + quote(name) + " can not be configured");
    const std::string value = text_of(value_node, name);
    std::string expected;
    bool is_allowed = false;
    for (const std::string_view each : allowed->values) {
      if (each.empty()) continue;
      expected += (expected.empty() ? "" : " ") + quote(each);
      is_allowed = is_allowed || each == value;
    }
    if (!expected.empty() && !is_allowed) {
      fail(key_node.Mark(),
           "invalid value for " + name + ". Expected one of: [" + expected + "], but got: " + quote(value));
    }
    if (std::any_of(value.begin(), value.end(), http::is_control)) {
      fail(key_node.Mark(), "invalid value for " + name + ": a control character");
    }
    if (!value.empty()) headers.add(name, value);
  });
}

void read_http(const YAML::Node& node, WebConfig& config) {
  const std::vector<Field> fields = {
      {"http2",
       [&](const YAML::Node& value) {
         if (flag_of(value, "http2", false)) {
           config.ignored.push_back("http_server_config: http2 has no effect, this server speaks HTTP/1.1");
         }
       }},
      {"headers", [&](const YAML::Node& value) { read_headers(value, config.headers); }},
  };
  read_fields(node, "http_server_config", fields);
}

void read_users(const YAML::Node& node, BasicAuthUsers& users) {
  read_mapping(node, "basic_auth_users",
               [&](const std::string& user, const YAML::Node& key_node, const YAML::Node& value) {
                 if (user.find(':') != std::string::npos)
                   fail(key_node.Mark(), "user " + quote(user) + ": a name has no colon");
                 const std::string hash = text_of(value, "the hash of a user");
                 try {
                   bcrypt_cost(hash);
                 } catch (const std::invalid_argument& error) {
                   fail(key_node.Mark(), "user " + quote(user) + ": " + error.what());
                 }
                 users.emplace(user, hash);
               });
}

std::optional<RateLimit> read_rate_limit(const YAML::Node& node) {
  RateLimit limit;
  const std::vector<Field> fields = {
      {"interval", [&](const YAML::Node& value) { limit.interval = duration_of(value, "interval"); }},
      {"burst", [&](const YAML::Node& value) { limit.burst = integer_of(value, "burst"); }},
  };
  read_fields(node, "rate_limit", fields);
  if (limit.interval.count() == 0) return std::nullopt;
  try {
    const RateLimiter limiter(limit);
  } catch (const std::invalid_argument& error) {
    fail(node.Mark(), error.what());
  }
  return limit;
}

// YAML allows none of these, and yaml-cpp takes one of them for the end of the file.
void check_characters(std::string_view yaml) {
  int line = 1;
  for (const char c : yaml) {
    if (c == '\n') ++line;
    if (http::is_control(c) && c != '\t' && c != '\n' && c != '\r') fail(line, "a control character");
  }
}

// Where the latest document has its first node.
class DocumentMark final : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark&) override { mark_ = YAML::Mark::null_mark(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override { note(mark); }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnMapEnd() override {}

 private:
  void note(const YAML::Mark& mark) {
    if (mark_.is_null()) mark_ = mark;
  }

  YAML::Mark mark_ = YAML::Mark::null_mark();
};

// Not by YAML::LoadAll(), which makes documents without end of a comma that is in no list.
void check_is_one_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentMark document;
  if (parser.HandleNextDocument(document) && parser.HandleNextDocument(document)) {
    fail(document.mark(), "more than one document");
  }
}

WebConfig read_config(const YAML::Node& root, std::string_view directory) {
  WebConfig config;
  const std::vector<Field> fields = {
      {"tls_server_config", [&](const YAML::Node& value) { config.tls = read_tls(value, directory); }},
      {"http_server_config", [&](const YAML::Node& value) { read_http(value, config); }},
      {"rate_limit", [&](const YAML::Node& value) { config.rate_limit = read_rate_limit(value); }},
      {"basic_auth_users", [&](const YAML::Node& value) { read_users(value, config.users); }},
  };
  read_fields(root, "the web configuration", fields);
  return config;
}

}  // namespace

WebConfig parse_web_config(std::string_view yaml, std::string_view directory) {
  check_characters(yaml);
  try {
    const std::string text(yaml);
    check_is_one_document(text);
    return read_config(YAML::Load(text), directory);
  } catch (const YAML::Exception& error) {
    fail(error.mark, error.msg);
  }
}

WebConfig load_web_config(const std::string& path) {
  net::FileWatch file({path});
  file.look();
  const net::WatchedFile& read = file.files().front();
  if (read.error != 0) throw std::system_error(read.error, std::generic_category(), path);
  try {
    return parse_web_config(read.content, std::filesystem::path(path).parent_path().string());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(path + ": " + error.what());
  }
}

void validate_web_config(const std::string& path) {
  const WebConfig config = load_web_config(path);
  if (!config.tls) return;
  try {
    const net::TlsCredentials credentials(*config.tls);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(path + ": " + error.what());
  }
}

}  // namespace prometheus_async::aio::web
