// SPDX-License-Identifier: Apache-2.0
#include "exposition/internal/names.h"

#include <cstddef>

#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::exposition::internal {
namespace {

bool is_classic(std::string_view name, NameKind kind) noexcept {
  return kind == NameKind::kMetric ? metrics::is_classic_metric_name(name) : metrics::is_classic_label_name(name);
}

}  // namespace

std::string scheme_name(std::string_view name, Escaping escaping, NameKind kind) {
  return is_classic(name, kind) ? std::string(name) : escape_name(name, escaping, kind);
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"' || c == '\n') text += '\\';
    text += c == '\n' ? 'n' : c;
  }
}

std::string quoted_unless_classic(std::string_view name, NameKind kind) {
  if (is_classic(name, kind)) return std::string(name);
  std::string quoted = "\"";
  append_escaped(quoted, name);
  quoted += '"';
  return quoted;
}

std::string help_text(std::string_view help, bool escape_quotes) {
  std::string text;
  text.reserve(help.size());
  for (const char c : help) {
    switch (c) {
      case '\\': text += "\\\\"; break;
      case '\n': text += "\\n"; break;
      case '"': text += escape_quotes ? "\\\"" : "\""; break;
      case '\0': text += "\uFFFD"; break;
      default: text += c;
    }
  }
  metrics::make_utf8(text);
  return text;
}

char* put_unescaped(char* to, std::string_view escaped) noexcept {
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '\\') {
      ++i;
      *to++ = escaped[i] == 'n' ? '\n' : escaped[i];
    } else {
      *to++ = escaped[i];
    }
  }
  return to;
}

std::string labels_in_scheme(std::string_view text, Escaping escaping) {
  std::string labels;
  std::string name;
  for (LabelCursor label(text); label.next();) {
    if (!labels.empty()) labels += ',';
    if (label.has_quoted_name()) {
      name.resize(label.name().size());
      name.resize(static_cast<std::size_t>(put_unescaped(name.data(), label.name()) - name.data()));
      labels += escape_name(name, escaping, NameKind::kLabel);
    } else {
      labels += label.name();
    }
    labels += "=\"";
    labels += label.value();
    labels += '"';
  }
  return labels;
}

}  // namespace prometheus_async::exposition::internal
