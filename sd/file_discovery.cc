// SPDX-License-Identifier: Apache-2.0
#include "sd/file_discovery.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "sd/internal/in_thread.h"
#include "sd/internal/target_file.h"

namespace prometheus_async::sd {
namespace {

using internal::TargetFile;

constexpr std::size_t kMaxIdBytes = 200;  // the temporary file's name must not exceed the 255 bytes of file systems

bool is_id_character(unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; }

void require_id(const std::string& id) {
  const bool is_id = !id.empty() && id.size() <= kMaxIdBytes && id.front() != '.' &&
                     std::all_of(id.begin(), id.end(), is_id_character);
  if (is_id) return;
  throw std::invalid_argument(
      absl::StrCat("file discovery: id '", id, "' is not 1 to 200 characters of [A-Za-z0-9._-], the first no dot"));
}

std::string id_for(const FileDiscoveryOptions& options, const Endpoint& endpoint) {
  if (!options.id.empty()) return options.id;
  std::string id = absl::StrCat(target_host(endpoint, options.advertise_address), "-", endpoint.port);
  std::replace_if(id.begin(), id.end(), [](unsigned char c) { return !is_id_character(c); }, '_');
  require_id(id);
  return id;
}

asio::awaitable<void> leave(std::shared_ptr<TargetFile> file) {
  std::function<void()> remove = [file] { file->remove(); };
  co_await internal::in_thread(std::move(remove), nullptr);
}

asio::awaitable<Deregister> join(std::shared_ptr<const FileDiscoveryOptions> options, Endpoint endpoint) {
  std::string text = to_json({target_group(endpoint, options->labels, options->advertise_address)});
  const auto file = std::make_shared<TargetFile>(options->folder, id_for(*options, endpoint) + ".json");
  std::function<void()> write = [file, text = std::move(text)] { file->write(text + '\n'); };
  std::function<void()> undo = [file] {
    try {
      file->remove();
    } catch (const std::exception&) {  // nobody is left to hear of it
    }
  };
  co_await internal::in_thread(std::move(write), std::move(undo));
  Deregister deregister([file] { return leave(file); }, [file] { return file->is_there(); });
  co_return deregister;
}

}  // namespace

FileDiscovery::FileDiscovery(FileDiscoveryOptions options) {
  if (options.folder.empty()) throw std::invalid_argument("file discovery: the folder is empty");
  if (!options.id.empty()) require_id(options.id);
  if (!options.advertise_address.empty()) check_target_host("advertise_address", options.advertise_address);
  check_target_labels(options.labels);
  options_ = std::make_shared<const FileDiscoveryOptions>(std::move(options));
}

asio::awaitable<Deregister> FileDiscovery::enroll(Endpoint endpoint) const {
  return join(options_, std::move(endpoint));
}

}  // namespace prometheus_async::sd
