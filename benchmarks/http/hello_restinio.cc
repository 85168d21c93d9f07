// SPDX-License-Identifier: Apache-2.0
//
// hello on restinio with its express router, on one thread and without locks: what it is fastest with.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <utility>

#include <restinio/all.hpp>

namespace asio = restinio::asio_ns;
using asio::ip::tcp;

struct Traits : restinio::default_single_thread_traits_t {
  using request_handler_t = restinio::router::express_router_t<>;
};

int main() try {
  auto router = std::make_unique<Traits::request_handler_t>();
  router->http_get("/", [](const restinio::request_handle_t& request, auto) {
    return request->create_response()
        .append_header(restinio::http_field::content_type, "text/plain; charset=utf-8")
        .append_header_date_field()
        .set_body("hello")
        .done();
  });

  unsigned short port = 0;
  asio::io_context context(1);
  restinio::http_server_t<Traits> server(
      restinio::external_io_context(context), [&router, &port](restinio::server_settings_t<Traits>& settings) {
        settings.address("127.0.0.1")
            .port(0)
            .request_handler(std::move(router))
            .socket_options_setter([](auto& options) { options.set_option(tcp::no_delay(true)); })
            .acceptor_post_bind_hook([&port](tcp::acceptor& acceptor) { port = acceptor.local_endpoint().port(); });
      });
  server.open_sync();
  std::cout << port << std::endl;
  context.run();
} catch (const std::exception& error) {
  std::cerr << "hello_restinio: " << error.what() << '\n';
  return EXIT_FAILURE;
}
