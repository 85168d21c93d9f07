// SPDX-License-Identifier: Apache-2.0
//
// A registry with metrics of every type, with names, labels and values that nobody would choose, and beside it what was
// recorded in them: what any reader of any page of it has to find.
//
//     testing::RandomRegistry random(seed, {.names = RandomRegistry::Names::kAnyUtf8});
//     const auto page = exposition::render(random.registry(), format);
//     EXPECT_EQ(testing::difference(random.expected(format), testing::read_protobuf(page.body)), "");
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_RANDOM_REGISTRY_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_RANDOM_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "exposition/format.h"
#include "metrics/exemplar.h"
#include "metrics/registry.h"
#include "tests/exposition/read_page.h"
#include "tests/exposition/recorded_family.h"

namespace prometheus_async::testing {

class RandomRegistry {
 public:
  enum class Names { kClassic, kAnyUtf8 };
  struct Options {
    Names names = Names::kClassic;
    std::size_t families = 12;
    // Whether a label of an exemplar may have a } in it: prometheus_client 0.16 takes it for the end of the labels.
    bool braces_in_exemplars = true;
  };

  explicit RandomRegistry(std::uint32_t seed) : RandomRegistry(seed, Options()) {}
  RandomRegistry(std::uint32_t seed, Options options);

  metrics::Registry& registry() { return registry_; }

  // What a reader finds in a page of that format.
  ReadPage expected(const exposition::Format& format) const;

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  using Family = RecordedFamily;
  using Series = RecordedSeries;

  std::size_t up_to(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit)(random_); }
  bool one_in(std::size_t n) { return up_to(n - 1) == 0; }
  std::string text(std::size_t longest);
  std::string name(const std::string& ending);
  std::string label_name(std::size_t number);
  double value();
  double positive_value();
  // Sums of these are exact in any order.
  double eighths(bool may_be_negative);
  Pairs labels(const std::vector<std::string>& names);
  metrics::Exemplar exemplar(ReadExemplar& recorded, double value);

  template <class Family, class Record>
  void fill(Family& family, const std::vector<std::string>& label_names, RecordedFamily& recorded,
            const Record& record);
  void add_counter(Family& family);
  void add_gauge(Family& family);
  void add_histogram(Family& family);
  void add_summary(Family& family);
  void add_quantiles(Family& family);
  void add_info(Family& family);
  void add_state_set(Family& family);
  void add_gauge_histogram(Family& family);
  void add_unknown(Family& family);
  void add_native_histogram(Family& family);

  std::mt19937 random_;
  Options options_;
  std::size_t next_name_ = 0;
  metrics::Registry registry_;
  std::vector<Family> families_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_RANDOM_REGISTRY_H_
