// SPDX-License-Identifier: Apache-2.0

#include "aio/net/inherited_sockets.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "aio/net/socket.h"

namespace prometheus_async::aio::net {
namespace {

std::vector<int> open_descriptors() {
  std::vector<int> result;
  ::DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return result;
  while (const ::dirent* entry = ::readdir(directory)) {
    int descriptor = -1;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, descriptor).ptr == end) result.push_back(descriptor);
  }
  ::closedir(directory);
  return result;
}

bool is_wildcard(std::string_view host) { return host == "::" || host == "0.0.0.0"; }

bool is_at(int descriptor, const Address& address) {
  int type = 0;
  ::socklen_t type_size = sizeof(type);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_STREAM) return false;
  Endpoint endpoint;
  auto size = static_cast<::socklen_t>(endpoint.capacity());
  if (::getsockname(descriptor, endpoint.data(), &size) != 0) return false;
  endpoint.resize(size);
  const Address own = address_of(endpoint);
  return own == address || (is_wildcard(address.host) && own.port == address.port && own.port != 0);
}

}  // namespace

std::size_t close_inherited_sockets(const Address& address) noexcept {
  std::size_t closed = 0;
  try {
    for (const int descriptor : open_descriptors()) {
      if (is_at(descriptor, address) && ::close(descriptor) == 0) ++closed;
    }
  } catch (...) {  // no memory: what is left open is closed with the process
  }
  return closed;
}

}  // namespace prometheus_async::aio::net
