// SPDX-License-Identifier: Apache-2.0

#include "aio/http/coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

namespace prometheus_async::aio::http {
namespace {

using Chunk = std::array<char, 16 * 1024>;

}  // namespace

class ContentEncoder::Coder {
 public:
  Coder() = default;
  virtual ~Coder() = default;
  Coder(const Coder&) = delete;
  Coder& operator=(const Coder&) = delete;

  virtual void encode(std::string_view piece, Until until, std::string& out) = 0;
};

class ContentEncoder::Gzip final : public Coder {
 public:
  explicit Gzip(int level) {
    constexpr int kGzipWrapper = 16;
    constexpr int kWindowBits = 15;
    constexpr int kMemoryLevel = 8;  // zlib's default
    if (level < 1 || level > 9) throw std::invalid_argument("gzip level " + std::to_string(level) + ": not in 1..9");
    const int error =
        deflateInit2(&stream_, level, Z_DEFLATED, kGzipWrapper + kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY);
    if (error != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { deflateEnd(&stream_); }

  void encode(std::string_view piece, Until until, std::string& out) override {
    // A size is 32 bits in zlib.
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    while (piece.size() > kMost) {
      deflate_all(piece.substr(0, kMost), Z_NO_FLUSH, out);
      piece.remove_prefix(kMost);
    }
    deflate_all(piece, until == Until::kMore ? Z_NO_FLUSH : until == Until::kFlushed ? Z_SYNC_FLUSH : Z_FINISH, out);
  }

 private:
  void deflate_all(std::string_view piece, int flush, std::string& out) {
    Chunk chunk;
    // zlib changes nothing there.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));  // NOLINT
    stream_.avail_in = static_cast<uInt>(piece.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      deflate(&stream_, flush);  // Z_BUF_ERROR, nothing to do, is no error
      out.append(chunk.data(), chunk.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

class ContentEncoder::Zstd final : public Coder {
 public:
  explicit Zstd(int level) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    constexpr int kMostLevel = 19;  // those above ask for windows that many readers refuse (RFC 9659)
    if (level < 1 || level > kMostLevel) {
      throw std::invalid_argument("zstd level " + std::to_string(level) + ": not in 1..19");
    }
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  }

  void encode(std::string_view piece, Until until, std::string& out) override {
    const ZSTD_EndDirective directive = until == Until::kMore      ? ZSTD_e_continue
                                        : until == Until::kFlushed ? ZSTD_e_flush
                                                                   : ZSTD_e_end;
    Chunk chunk;
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    std::size_t left;
    do {
      ZSTD_outBuffer room{chunk.data(), chunk.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &room, &in, directive);
      if (ZSTD_isError(left) != 0) throw std::bad_alloc();  // memory is all that can fail
      out.append(chunk.data(), room.pos);
    } while (until == Until::kMore ? in.pos < in.size : left > 0);
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

ContentEncoder::ContentEncoder(std::unique_ptr<Coder> coder) : coder_(std::move(coder)) {}
ContentEncoder::ContentEncoder(ContentEncoder&&) noexcept = default;
ContentEncoder& ContentEncoder::operator=(ContentEncoder&&) noexcept = default;
ContentEncoder::~ContentEncoder() = default;

ContentEncoder ContentEncoder::gzip(int level) { return ContentEncoder(std::make_unique<Gzip>(level)); }
ContentEncoder ContentEncoder::zstd(int level) { return ContentEncoder(std::make_unique<Zstd>(level)); }

void ContentEncoder::write(std::string_view piece, std::string& out) {
  Coder& open = coder();
  if (!piece.empty()) open.encode(piece, Until::kMore, out);
}

void ContentEncoder::flush(std::string& out) { coder().encode({}, Until::kFlushed, out); }

void ContentEncoder::finish(std::string& out) {
  coder().encode({}, Until::kFinished, out);
  coder_.reset();
}

ContentEncoder::Coder& ContentEncoder::coder() const {
  if (!coder_) throw std::logic_error("the content coding is finished already");
  return *coder_;
}

}  // namespace prometheus_async::aio::http
