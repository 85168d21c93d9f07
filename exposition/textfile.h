// SPDX-License-Identifier: Apache-2.0
//
// A registry as a file, for the textfile collector of node_exporter: how a cron job without a server is scraped.
//
//   exposition::write_to_textfile(registry, "/var/lib/node_exporter/textfile_collector/backup.prom");
#ifndef PROMETHEUS_ASYNC_EXPOSITION_TEXTFILE_H_
#define PROMETHEUS_ASYNC_EXPOSITION_TEXTFILE_H_

#include <filesystem>

#include "metrics/registry.h"

namespace prometheus_async::exposition {

// Writes the registry to `path` in text format 0.0.4, the one that node_exporter reads; it reads files whose names end
// in .prom, and each job wants one of its own. Who reads `path` sees the file of before or all of the new one: the page
// is written to a file beside it (whose name does not end in .prom), brought to the disk, and renamed.
//
// The file may be read by everybody (mode 0644, whatever the umask), since node_exporter runs as another user. A
// symbolic link at `path` is replaced, not followed.
//
// Throws what render() throws, before any file is touched; std::system_error naming the path, the step and the reason.
// Then `path` is as it was and nothing is left beside it.
// Threads and processes: any number may write the same path; one of them is the last. Blocks for the disk.
// Semantics: prometheus_client's write_to_textfile.
void write_to_textfile(const metrics::Registry& registry, const std::filesystem::path& path);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_TEXTFILE_H_
