// SPDX-License-Identifier: Apache-2.0

#include "tests/aio/http/decoded.h"

#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <memory>
#include <stdexcept>

namespace prometheus_async::testing {
namespace {

Decoded inflated(std::string_view bytes) {
  Decoded result;
  z_stream stream{};
  inflateInit2(&stream, 16 + 15);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::string in(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  char chunk[10'000];
  int error = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(chunk);
    stream.avail_out = sizeof chunk;
    error = inflate(&stream, Z_SYNC_FLUSH);
    result.text.append(chunk, sizeof chunk - stream.avail_out);
  } while (error == Z_OK && stream.avail_out == 0);
  if (error != Z_OK && error != Z_STREAM_END && error != Z_BUF_ERROR) throw std::runtime_error("malformed gzip");
  result.is_whole = error == Z_STREAM_END && stream.avail_in == 0;
  return result;
}

Decoded unzstd(std::string_view bytes) {
  Decoded result;
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  char chunk[10'000];
  std::size_t left = 1;
  ZSTD_outBuffer out{};
  do {
    out = {chunk, sizeof chunk, 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) throw std::runtime_error("malformed zstd");
    result.text.append(chunk, out.pos);
  } while (left != 0 && (in.pos < in.size || out.pos == out.size));
  result.is_whole = left == 0 && in.pos == in.size;
  return result;
}

}  // namespace

Decoded decoded(std::string_view bytes, std::string_view coding) {
  return coding == "gzip" ? inflated(bytes) : unzstd(bytes);
}

}  // namespace prometheus_async::testing
