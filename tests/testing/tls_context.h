// SPDX-License-Identifier: Apache-2.0
//
// What a server under test needs to speak TLS.
//
//     reactor.listen_ssl(0, Site(std::move(root)), testing::make_tls_context());
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_TLS_CONTEXT_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_TLS_CONTEXT_H_

#include <memory>

#include <boost/asio/ssl/context.hpp>

namespace prometheus_async::testing {

// A server's context with a key and a certificate of its own for localhost, made for this run.
std::shared_ptr<boost::asio::ssl::context> make_tls_context();

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_TLS_CONTEXT_H_
