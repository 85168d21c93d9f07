// SPDX-License-Identifier: Apache-2.0

#include "tx/web/request.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"
#include "tx/web/html_escape.h"

namespace prometheus_async::tx::web {
namespace {

// The segments of a path, which begins with a slash, decoded.
std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.starts_with('/')) return segments;
  do {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    http::percent_decode(segment, segments.emplace_back());  // the parser has let no bad escape through
    path.remove_prefix(segment.size());
  } while (!path.empty());
  return segments;
}

// The media type of a Content-Type, without its parameters.
bool is_media_type(std::optional<std::string_view> content_type, std::string_view type) {
  return content_type && http::ascii_iequals(http::trim_ows(content_type->substr(0, content_type->find(';'))), type);
}

std::shared_ptr<const RequestSettings> default_settings() {
  static const auto settings = std::make_shared<const RequestSettings>();
  return settings;
}

}  // namespace

Request::Request(net::HttpExchange& exchange, std::string content, std::shared_ptr<const RequestSettings> settings)
    : head_(&exchange.head()),
      client_(exchange.peer()),
      is_secure_(exchange.is_secure()),
      executor_(exchange.get_executor()),
      content_(std::move(content)),
      settings_(settings != nullptr ? std::move(settings) : default_settings()),
      postpath_(split_path(head_->target.raw_path())) {}

Request::~Request() = default;

std::optional<std::string_view> Request::get_header(std::string_view name) const {
  const http::Headers& headers = head_->headers;
  for (std::size_t i = headers.size(); i > 0; --i) {
    if (http::ascii_iequals(headers[i - 1].name, name)) return headers[i - 1].value;
  }
  return std::nullopt;
}

const http::Query& Request::args() const {
  if (args_) return *args_;
  args_ = http::parse_query(head_->target.query_string());
  if (is_media_type(get_header("Content-Type"), "application/x-www-form-urlencoded")) {
    for (const auto& [name, value] : http::parse_query(content_)) args_->add(name, value);
  }
  return *args_;
}

void Request::redirect(std::string_view url, http::Status status) {
  set_response_code(status);
  set_header("Location", url);
}

void Request::write(std::string_view bytes) {
  if (is_finished_) {
    throw WriteAfterFinishError("prometheus_async: " + head_->method + " " + std::string(path()) +
                                ": write() after finish()");
  }
  if (is_lost_ || bytes.empty()) return;
  out_.append(bytes);
  wake();
}

void Request::finish() {
  if (is_finished_) {
    log("finish() called twice");
    return;
  }
  is_finished_ = true;
  wake();
  // Who calls may still use it in this turn of the loop.
  if (self_) asio::post(executor_, [self = std::move(self_)] {});
}

void Request::processing_failed(const Failure& failure) {
  const std::string what = failure.get_error_message();
  if (!is_lost_) log(what);
  if (is_finished_) return;
  if (has_begun_) {
    is_cut_ = true;
  } else {
    put_error_page(what);
  }
  finish();
}

void Request::put_error_page(std::string_view what) {
  status_ = 500;
  headers_.clear();
  set_header("Content-Type", "text/html; charset=utf-8");
  out_ = "<html><head><title>Processing Failed</title></head><body><b>Processing Failed</b>";
  if (settings_->display_errors) out_.append("<pre>").append(escape_html(what)).append("</pre>");
  out_.append("</body></html>");
}

void Request::log(std::string_view what) const {
  if (settings_->log) settings_->log(head_->method + " " + std::string(path()) + ": " + net::escape_for_log(what));
}

Deferred<void> Request::notify_finish() {
  if (is_lost_) return fail<void>(ConnectionLostError("the client has left"));
  return finish_waiters_.emplace_back().get_deferred();
}

Deferred<void> Request::drained() {
  if (is_lost_) return fail<void>(ConnectionLostError("the client has left"));
  if (buffered() == 0) return succeed();
  return drain_waiters_.emplace_back().get_deferred();
}

void Request::wake() {
  if (on_change_) on_change_();
}

}  // namespace prometheus_async::tx::web
