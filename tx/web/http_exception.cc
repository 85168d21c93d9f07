// SPDX-License-Identifier: Apache-2.0

#include "tx/web/http_exception.h"

#include <utility>

#include "tx/web/html_escape.h"

namespace prometheus_async::tx::web {
namespace {

std::string line_of(aio::http::Status code) { return std::to_string(code.code()).append(" ").append(code.reason()); }

std::string_view description_of(aio::http::Status code) {
  switch (code.code()) {
    case 400: return "The browser (or proxy) sent a request that this server could not understand.";
    case 403:
      return "You don't have the permission to access the requested resource. It is either read-protected or not "
             "readable by the server.";
    case 404:
      return "The requested URL was not found on the server. If you entered the URL manually please check your "
             "spelling and try again.";
    case 405: return "The method is not allowed for the requested URL.";
    default: return "";
  }
}

// `paragraph` is HTML.
Response page(aio::http::Status code, std::string_view paragraph) {
  Response response{.code = code};
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  std::string& body = response.body;
  body.append("<!doctype html>\n<html lang=en>\n<title>").append(line_of(code));
  body.append("</title>\n<h1>").append(code.reason());
  body.append("</h1>\n<p>").append(paragraph).append("</p>\n");
  return response;
}

std::string link_to(std::string_view location) {
  const std::string url = escape_html(location);
  return "You should be redirected automatically to the target URL: <a href=\"" + url + "\">" + url + "</a>.";
}

std::string joined(const std::vector<std::string>& methods) {
  std::string list;
  for (const std::string& method : methods) list.append(list.empty() ? "" : ", ").append(method);
  return list;
}

}  // namespace

HttpException::HttpException(aio::http::Status code, std::string_view description)
    : HttpException(page(code, escape_html(description.empty() ? description_of(code) : description))) {}

HttpException::HttpException(Response response) : response_(std::move(response)), what_(line_of(response_.code)) {}

MethodNotAllowed::MethodNotAllowed(std::vector<std::string> valid_methods)
    : HttpException(405), valid_methods_(std::move(valid_methods)) {
  response_.headers.set("Allow", joined(valid_methods_));
}

RequestRedirect::RequestRedirect(std::string_view location)
    : HttpException(page(308, link_to(location))), location_(location) {
  response_.headers.set("Location", location_);
}

}  // namespace prometheus_async::tx::web
