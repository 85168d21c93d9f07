// SPDX-License-Identifier: Apache-2.0
#include "exposition/compression.h"

#include <libdeflate.h>
#include <zstd.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

namespace prometheus_async::exposition {
namespace {

// Memory to compress into, kept between pages. How much of it a page needs shows only when it is compressed.
class Scratch {
 public:
  char* reserve(std::size_t size) {
    if (size > size_) {
      bytes_.reset();
      size_ = 0;
      bytes_ = std::make_unique_for_overwrite<char[]>(size);
      size_ = size;
    }
    return bytes_.get();
  }

  // A giant page's memory goes back at once.
  void trim() {
    constexpr std::size_t kKept = 16u << 20;
    if (size_ <= kKept) return;
    bytes_.reset();
    size_ = 0;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

class Gzip {
 public:
  Gzip() : compressor_(libdeflate_alloc_compressor(kGzipLevel)) {
    if (compressor_ == nullptr) throw std::bad_alloc();
  }

  std::string compress(std::string_view text) {
    const std::size_t bound = libdeflate_gzip_compress_bound(compressor_.get(), text.size());
    char* const out = scratch_.reserve(bound);
    // Zero only where the bound is too small, which it is not.
    const std::size_t size = libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(), out, bound);
    if (size == 0) throw std::logic_error("libdeflate_gzip_compress: its own bound is too small");
    std::string compressed(out, size);
    scratch_.trim();
    return compressed;
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
  Scratch scratch_;
};

class Zstd {
 public:
  Zstd() : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
  }

  std::string compress(std::string_view text) {
    const std::size_t bound = ZSTD_compressBound(text.size());
    char* const out = scratch_.reserve(bound);
    const std::size_t size = ZSTD_compressCCtx(context_.get(), out, bound, text.data(), text.size(), kZstdLevel);
    // Within the bound, memory is all that can fail.
    if (ZSTD_isError(size) != 0) throw std::bad_alloc();
    std::string compressed(out, size);
    scratch_.trim();
    return compressed;
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  Scratch scratch_;
};

// Compressors between calls. Not thread_local: that would keep one for every thread that ever answered a scrape.
template <class Compressor>
class Pool {
 public:
  std::string compress(std::string_view text) {
    std::unique_ptr<Compressor> compressor = take();
    std::string compressed = compressor->compress(text);
    put_back(std::move(compressor));  // after an exception it is not worth keeping
    return compressed;
  }

 private:
  static constexpr std::size_t kKept =
      2;  // scrapes of one registry share a page, so that more than one at a time is rare

  std::unique_ptr<Compressor> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Compressor> compressor = std::move(idle_.back());
        idle_.pop_back();
        return compressor;
      }
    }
    return std::make_unique<Compressor>();
  }

  void put_back(std::unique_ptr<Compressor> compressor) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kKept) idle_.push_back(std::move(compressor));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Compressor>> idle_;  // guarded by mutex_
};

// Never destroyed: threads may scrape until the very end.
template <class Compressor>
Pool<Compressor>& pool() {
  static Pool<Compressor>& pool = *new Pool<Compressor>;
  return pool;
}

}  // namespace

std::string_view to_string(Encoding encoding) noexcept {
  switch (encoding) {
    case Encoding::kGzip: return "gzip";
    case Encoding::kZstd: return "zstd";
    case Encoding::kIdentity: break;
  }
  return "identity";
}

std::string compress(std::string_view text, Encoding encoding) {
  switch (encoding) {
    case Encoding::kGzip: return pool<Gzip>().compress(text);
    case Encoding::kZstd: return pool<Zstd>().compress(text);
    case Encoding::kIdentity: break;
  }
  return std::string(text);
}

}  // namespace prometheus_async::exposition
