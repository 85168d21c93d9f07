// SPDX-License-Identifier: Apache-2.0
//
// How Boost.Beast reads a message: a second opinion on what is read and written here.
//
//   BeastMessage message = read_request_with_beast("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
//   message.error;                // ""
//   message.fields.front().first;  // "Host"
#ifndef PROMETHEUS_ASYNC_TESTS_FUZZ_BEAST_H_
#define PROMETHEUS_ASYNC_TESTS_FUZZ_BEAST_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::fuzz {

struct BeastMessage {
  std::string error;   // empty: the whole text is one message
  std::string method;  // of a request
  std::string target;
  unsigned status = 0;  // of a response
  std::string reason;
  unsigned version = 0;                                     // 10 or 11
  std::vector<std::pair<std::string, std::string>> fields;  // of the head; those of a name in their order, names in any
  std::string body;
};

BeastMessage read_request_with_beast(std::string_view text);
// The head of a response, whatever it says of a body.
BeastMessage read_response_head_with_beast(std::string_view text);

}  // namespace prometheus_async::fuzz

#endif  // PROMETHEUS_ASYNC_TESTS_FUZZ_BEAST_H_
