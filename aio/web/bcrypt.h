// SPDX-License-Identifier: Apache-2.0
//
// Passwords hashed with bcrypt, as `htpasswd -B` writes them.
//
//   web::bcrypt_matches("fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi");  // true
#ifndef PROMETHEUS_ASYNC_AIO_WEB_BCRYPT_H_
#define PROMETHEUS_ASYNC_AIO_WEB_BCRYPT_H_

#include <string_view>

namespace prometheus_async::aio::web {

// The cost of a hash, 4 to 31: 2^cost rounds, some 70 ms for 10.
//
// Throws std::invalid_argument, without the hash, if it is not $2a$, $2b$ or $2y$, two digits, $ and 53 characters.
int bcrypt_cost(std::string_view hash);

// Whether the hash is the password's. Takes the time that the cost says, whatever the password, and 32 KiB of memory.
// Never for a malformed hash, and for a password with a NUL or of 512 bytes or more; bcrypt looks at the first 72.
//
// Threads: any.
bool bcrypt_matches(std::string_view password, std::string_view hash);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_BCRYPT_H_
