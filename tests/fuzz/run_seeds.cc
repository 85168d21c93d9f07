// SPDX-License-Identifier: Apache-2.0
// run_seeds FOLDER: a test case for each file in the folder, which gives the fuzz target that this is linked with the
// file, and then mutations of it. They come of a generator with a fixed seed: a case that fails fails again.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kMutations = 100;        // of each seed
constexpr std::size_t kMostEdits = 4;  // in each mutation

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& seeds) : seeds_(seeds) {}

  Bytes mutate(Bytes bytes) {
    for (std::size_t edits = 1 + below(kMostEdits); edits > 0; --edits) edit(bytes);
    return bytes;
  }

 private:
  // Not a std::uniform_int_distribution, which is another one in each library.
  std::size_t below(std::size_t end) { return random_() % end; }

  std::uint8_t special_byte() {
    static constexpr std::uint8_t kSpecial[] = "\r\n\t :;,=%/\\\"'*{}[]()<>#?&+-.09aAzZ\x1e\x1f\x7f\x80\xc3\xa9\xff";
    return kSpecial[below(sizeof kSpecial)];  // with the zero byte at its end
  }

  void edit(Bytes& bytes) {
    const std::size_t at = below(bytes.size() + 1);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t size = std::min(1 + below(below(4) == 0 ? 64 : 4), bytes.size() - at);
    const auto end = place + static_cast<std::ptrdiff_t>(size);
    switch (below(6)) {
      case 0:
        if (size > 0) *place = special_byte();
        break;
      case 1:
        if (size > 0) *place ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 2: bytes.insert(place, special_byte()); break;
      case 3: bytes.erase(place, end); break;
      case 4: {
        const Bytes copy(place, end);
        const std::size_t to = below(bytes.size() + 1);
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(to), copy.begin(), copy.end());
        break;
      }
      default: {
        const Bytes& other = seeds_[below(seeds_.size())];
        const std::size_t from = below(other.size() + 1);
        bytes.erase(place, bytes.end());
        bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

  const std::vector<Bytes>& seeds_;
  std::mt19937 random_;
};

// The input under way, for who has to find out what a test that died or was timed out was at.
const Bytes* running = nullptr;

void say_what_is_running(int signal) {
  const auto say = [](const void* text, std::size_t size) { return write(STDERR_FILENO, text, size) >= 0; };
  if (running != nullptr && say("input: ", 7) && say(running->data(), running->size())) say("\n", 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Bytes& input) {
  running = &input;
  try {
    LLVMFuzzerTestOneInput(input.data(), input.size());
  } catch (const std::exception& error) {
    FAIL() << error.what() << "\ninput: " << testing::PrintToString(std::string(input.begin(), input.end()));
  }
  running = nullptr;
}

class SeedTest : public testing::Test {
 public:
  SeedTest(const std::vector<Bytes>& seeds, const Bytes& seed) : seeds_(seeds), seed_(seed) {}

  void TestBody() override {
    run(seed_);
    Mutator mutator(seeds_);
    for (int i = 0; i < kMutations && !HasFailure(); ++i) run(mutator.mutate(seed_));
  }

 private:
  const std::vector<Bytes>& seeds_;
  const Bytes& seed_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const int signal : {SIGABRT, SIGTERM}) std::signal(signal, say_what_is_running);
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> seeds;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    testing::RegisterTest("Seed", paths[i].filename().c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&seeds, i]() -> testing::Test* { return new SeedTest(seeds, seeds[i]); });
  }
  if (seeds.empty()) {
    std::cerr << argv[1] << ": no seeds\n";
    return 2;
  }
  return RUN_ALL_TESTS();
}
