// SPDX-License-Identifier: Apache-2.0

#include "aio/net/http_observation.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/net/http_observer.h"

namespace prometheus_async::aio::net {
namespace {

using ::testing::ElementsAre;

class Lines final : public HttpObserver {
 public:
  explicit Lines(bool wants_heads = false) : wants_heads_(wants_heads) {}

  void on_answered(const HttpOutcome& outcome) noexcept override {
    lines.push_back((outcome.status ? std::to_string(outcome.status->code()) : "none") + " \"" +
                    std::string(outcome.head) + "\"");
    began = outcome.began;
  }
  void on_opened() noexcept override { lines.emplace_back("opened"); }
  void on_closed() noexcept override { lines.emplace_back("closed"); }
  void on_rejected(HttpRejection reason) noexcept override {
    lines.push_back("rejected " + std::to_string(static_cast<int>(reason)));
  }
  bool wants_heads() const noexcept override { return wants_heads_; }

  std::vector<std::string> lines;
  std::chrono::steady_clock::time_point began;

 private:
  const bool wants_heads_;
};

const Address kPeer{"192.0.2.1", 12345};

TEST(HttpObservation, TellsOfAConnectionFromItsBeginningToItsEnd) {
  const auto lines = std::make_shared<Lines>();
  const std::vector<std::shared_ptr<HttpObserver>> observers{lines};
  {
    HttpObservation observation(observers);
    EXPECT_THAT(lines->lines, ElementsAre("opened"));
    const auto before = std::chrono::steady_clock::now();
    observation.begin();
    observation.note(200, "HTTP/1.1 200 OK\r\n\r\n");
    observation.end({.peer = kPeer});
    EXPECT_GE(lines->began, before);
    observation.reject(HttpRejection::kTimeout);
  }
  EXPECT_THAT(lines->lines, ElementsAre("opened", "200 \"\"", "rejected 1", "closed"));
}

// Nothing of one answer is told of the next.
TEST(HttpObservation, ForgetsAnAnswerOnceItIsTold) {
  const auto lines = std::make_shared<Lines>(true);
  const std::vector<std::shared_ptr<HttpObserver>> observers{lines};
  HttpObservation observation(observers);
  observation.begin();
  observation.note(404, "head");
  observation.end({.peer = kPeer});
  observation.begin();
  observation.end({.peer = kPeer});
  EXPECT_THAT(lines->lines, ElementsAre("opened", "404 \"head\"", "none \"\""));
}

// One that wants heads is enough for all to be given them.
TEST(HttpObservation, TellsAllInTheirOrder) {
  const auto first = std::make_shared<Lines>();
  const auto second = std::make_shared<Lines>(true);
  const std::vector<std::shared_ptr<HttpObserver>> observers{first, second};
  HttpObservation observation(observers);
  observation.begin();
  observation.note(200, "head");
  observation.end({.peer = kPeer});
  EXPECT_THAT(first->lines, ElementsAre("opened", "200 \"head\""));
  EXPECT_EQ(second->lines, first->lines);
}

}  // namespace
}  // namespace prometheus_async::aio::net
