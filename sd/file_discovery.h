// SPDX-License-Identifier: Apache-2.0
//
// Announces a server by a file of its own in a folder that Prometheus reads (file_sd_configs), and takes the file away
// when the server closes. Prometheus sees either within some seconds.
//
//     sd::FileDiscovery files({.folder = "/etc/prometheus/targets", .labels = {{"team", "pay"}}});
//     web::StartOptions options{.port = 9100, .service_discovery = files};
#ifndef PROMETHEUS_ASYNC_SD_FILE_DISCOVERY_H_
#define PROMETHEUS_ASYNC_SD_FILE_DISCOVERY_H_

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "sd/endpoint.h"
#include "sd/service_discovery.h"
#include "sd/target_group.h"

namespace prometheus_async::sd {

struct FileDiscoveryOptions {
  // Exists, and may be written to. Prometheus has FOLDER/*.json among its files; in a container it is mounted as a
  // whole, since a file that was mounted by itself does not change when it is replaced.
  std::string folder = {};

  // The file is FOLDER/ID.json. One per server: two with the same overwrite each other. 1 to 200 characters of
  // [A-Za-z0-9._-], the first no dot. Empty: `{host}-{port}`, the host as in target_group() and other characters as
  // underscores; with a fixed port it is the same after a restart, which then replaces what a crash has left behind.
  std::string id = {};

  // The IP address (without brackets) or host name under which others reach this server. Empty: the address bound, and
  // for a wildcard this host's name.
  std::string advertise_address = {};

  // Of the target, see target_group().
  TargetLabels labels = {};
};

// A value that holds its options: copies are independent.
//
// After a crash the file stays, as the target of a server that is down, until a server with the same ID starts.
class FileDiscovery {
 public:
  // Errors: std::invalid_argument naming the option.
  explicit FileDiscovery(FileDiscoveryOptions options);

  // Writes the file, and returns when it is on the disk. Prometheus sees the file of before, or none, or all of this
  // one: it is written under a name that does not end in .json, and renamed. Its mode is 0644 less the umask.
  //
  // The result removes the file, if it is still this one: another server's, which has replaced it, is left alone, and a
  // file that is gone is no error. So it may be called again. It is registered while the file is there and has not
  // been replaced, which it asks the kernel for (fstat, no disk). It keeps the file open, so it costs a descriptor;
  // with the last copy it is closed, and stays.
  //
  // Errors: std::system_error naming the file, the step and the reason; nothing is left behind then.
  // std::invalid_argument for what target_group() refuses, and an ID made from the endpoint that is too long.
  // Cancelled: ends at once with operation_aborted; the disk goes on, and then the file is removed again, as it is when
  // the io_context is destroyed. A removal that is cancelled is carried out all the same.
  // Threads: the disk is waited for on a thread of its own, which ends with it, so that the event loop goes on.
  // Lifetime: the result needs nothing of this object.
  [[nodiscard]] asio::awaitable<Deregister> enroll(Endpoint endpoint) const;

 private:
  std::shared_ptr<const FileDiscoveryOptions> options_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_FILE_DISCOVERY_H_
