// SPDX-License-Identifier: Apache-2.0
// boost/asio/ssl/impl/src.hpp, file by file: upstream's Bazel target hides that one.

#include <boost/asio/ssl/detail/impl/engine.ipp>
#include <boost/asio/ssl/detail/impl/openssl_init.ipp>
#include <boost/asio/ssl/impl/context.ipp>
#include <boost/asio/ssl/impl/error.ipp>
#include <boost/asio/ssl/impl/host_name_verification.ipp>
#if __has_include(<boost/asio/ssl/impl/rfc2818_verification.ipp>)
#include <boost/asio/ssl/impl/rfc2818_verification.ipp>
#endif
