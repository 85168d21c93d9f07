// SPDX-License-Identifier: Apache-2.0
//
// A body in a content coding, made piece by piece as it is sent.
//
//   http::ContentEncoder encoder = http::ContentEncoder::gzip();
//   std::string out;
//   encoder.write("half of the text, ", out);
//   encoder.flush(out);  // what is in `out` now can be read to the half
//   encoder.write("and the rest", out);
//   encoder.finish(out);
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_CODING_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_CODING_H_

#include <memory>
#include <string>
#include <string_view>

namespace prometheus_async::aio::http {

// Makes one gzip member (RFC 1952) or one zstd frame (RFC 8878). Each call appends to `out` what is ready, which may be
// nothing: an encoder collects some 100 KiB of text before it gives much.
//
// Throws std::bad_alloc where there is no memory, when made and at each call, and std::logic_error for a call after
// finish(). Threads: one at a time. Cost: 0.3 MB for gzip, 1.5 MB for zstd, while it lives.
class ContentEncoder {
 public:
  // The fastest, as nginx's: the next ones take far more time than they save bytes.
  static constexpr int kGzipLevel = 1;
  static constexpr int kZstdLevel = 1;

  // Levels: 1 to 9 of zlib; 1 to 19 of zstd. Throws std::invalid_argument for others.
  static ContentEncoder gzip(int level = kGzipLevel);
  static ContentEncoder zstd(int level = kZstdLevel);

  ContentEncoder(ContentEncoder&&) noexcept;
  ContentEncoder& operator=(ContentEncoder&&) noexcept;
  ~ContentEncoder();

  void write(std::string_view piece, std::string& out);
  // Gives all that was written. The more often, the larger the whole: each costs some 10 bytes and a new start.
  void flush(std::string& out);
  // The end. Nothing follows.
  void finish(std::string& out);

 private:
  enum class Until { kMore, kFlushed, kFinished };
  class Coder;
  class Gzip;
  class Zstd;

  explicit ContentEncoder(std::unique_ptr<Coder> coder);
  Coder& coder() const;

  std::unique_ptr<Coder> coder_;  // null once finished
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_CODING_H_
