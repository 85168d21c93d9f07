// SPDX-License-Identifier: Apache-2.0
//
// What a scraper's Accept and Accept-Encoding headers ask for, out of what this library can write.
//
//   const exposition::Format format = exposition::negotiate_format("application/openmetrics-text;version=1.0.0");
//   const exposition::Encoding encoding = exposition::negotiate_encoding("gzip;q=0.5, zstd");   // kZstd
//
// A header field that came several times is one list, as RFC 9110 5.2 joins it; an absent one is empty. Nothing is ever
// refused: who can be given nothing that they ask for gets the plainest, which Prometheus does better with than with a
// 406. Malformed parts of a header are passed over. Threads: safe from any. Cost: one walk over the header.
#ifndef PROMETHEUS_ASYNC_EXPOSITION_NEGOTIATION_H_
#define PROMETHEUS_ASYNC_EXPOSITION_NEGOTIATION_H_

#include <string_view>

#include "exposition/compression.h"
#include "exposition/format.h"

namespace prometheus_async::exposition {

// The format that the reader prefers, by RFC 9110 12.5.1: the q-value of a format is that of the most specific range
// that names it, and the highest wins; of equals the one named rather than met by a wildcard, then the one named first.
//
// - `*/*` and `text/*` are met by text 0.0.4; `application/*`, and `*/*` from a reader who refuses text/plain, by
//   OpenMetrics 1.0.0. The other formats have to be named.
// - Without a version, text is 0.0.4 and OpenMetrics is 1.0.0. A range with a version that is not known counts for
//   nothing.
// - Protobuf only with proto=io.prometheus.client.MetricFamily and encoding=delimited.
// - `escaping` holds for formats of version 1.0.0 and protobuf; without it, or with a scheme that is not known, names
//   are escaped with underscores.
// - A q-value above 1 is 1, one that is no number as if it were not there, and 0 excludes. Text 0.0.4 is what is left
//   when nothing else is.
Format negotiate_format(std::string_view accept);

// The coding that the reader prefers, by RFC 9110 12.5.3: the highest q-value, `*` standing for codings not named. Of
// equals zstd, which takes less time for the same size, then gzip. Identity if it is preferred, if neither of the two
// is acceptable, and without the header.
Encoding negotiate_encoding(std::string_view accept_encoding);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_NEGOTIATION_H_
