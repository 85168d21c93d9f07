// SPDX-License-Identifier: Apache-2.0
//
// What Python's prometheus_client finds in pages. One process reads many: it takes longer to start than to read.
//
//     testing::PythonReader reader;                                  // needs env and data of :python_reader, see BUILD
//     const std::size_t page = reader.add(body, testing::PythonReader::Syntax::kOpenMetrics);
//     reader.run();
//     reader.page(page);
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_PYTHON_READER_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_PYTHON_READER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/exposition/read_page.h"

namespace prometheus_async::testing {

class PythonReader {
 public:
  enum class Syntax { kText, kOpenMetrics };

  // Returns the number that its result will have.
  std::size_t add(std::string_view body, Syntax syntax);

  // Throws std::runtime_error with what Python said where it did not read to the end.
  void run();

  // Throws std::runtime_error with the parser's error where it did not take the page. Exemplars have timestamps where
  // the page had them.
  const ReadPage& page(std::size_t number) const;

 private:
  std::vector<std::pair<std::string, Syntax>> requests_;  // path
  std::vector<ReadPage> pages_;
  std::vector<std::string> errors_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_PYTHON_READER_H_
