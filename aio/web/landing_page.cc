// SPDX-License-Identifier: Apache-2.0

#include "aio/web/landing_page.h"

#include <memory>
#include <utility>

namespace prometheus_async::aio::web {
namespace {

constexpr std::string_view kPolicy = "default-src 'none'; style-src 'unsafe-inline'";

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --line: #d0d7de; --card: #fff; --page: #f6f8fa;
        --link: #0b62c4; --brand: #e6522c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9aa4af; --line: #30363d; --card: #161b22; --page: #0d1117; --link: #6cb2ff; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(34rem, 92vw); margin: 2rem 0; padding: 2rem; background: var(--card);
       border: 1px solid var(--line); border-top: 4px solid var(--brand); border-radius: 8px; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0 0; color: var(--dim); }
ul { margin: 1.5rem 0 0; padding: 0; list-style: none; }
li { padding: .75rem 0; border-top: 1px solid var(--line); }
li:last-child { padding-bottom: 0; }
a { color: var(--link); font-weight: 600; }
)";

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string paragraph(std::string_view text) {
  return text.empty() ? std::string() : "<p>" + escape_html(text) + "</p>\n";
}

std::string item(const LandingPageOptions::Link& link) {
  return "<li><a href=\"" + escape_html(link.href) + "\">" + escape_html(link.text) + "</a>\n" +
         paragraph(link.description) + "</li>\n";
}

std::string render(std::string_view metrics_path, const LandingPageOptions& options) {
  const std::string name = escape_html(options.name);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  page.append(name).append("</title>\n<style>").append(kStyle).append("</style>\n</head>\n<body>\n<main>\n<h1>");
  page.append(name).append("</h1>\n").append(paragraph(options.description));
  if (!options.version.empty()) page.append(paragraph("Version " + options.version));
  page.append("<ul>\n").append(item({std::string(metrics_path), "Metrics", "What Prometheus scrapes."}));
  for (const LandingPageOptions::Link& link : options.links) page.append(item(link));
  return page.append("</ul>\n</main>\n</body>\n</html>\n");
}

}  // namespace

Handler make_landing_page(std::string_view metrics_path, const LandingPageOptions& options) {
  return [page = std::make_shared<const std::string>(render(metrics_path, options))](Request&) {
    Response response = html(page);
    response.headers.add("Content-Security-Policy", kPolicy);
    return response;
  };
}

}  // namespace prometheus_async::aio::web
