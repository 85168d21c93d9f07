// SPDX-License-Identifier: Apache-2.0
//
// A Site behind TLS: the same engine, so what is plain HTTP elsewhere is tested here for what TLS could change.
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tests/testing/child_process.h"
#include "tests/testing/tls_context.h"
#include "tx/defer_later.h"
#include "tx/promise.h"
#include "tx/reactor.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

namespace prometheus_async::tx::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::make_tls_context;

class Hello : public Resource {
 public:
  Body render_get(Request& request) override { return request.is_secure() ? "secure" : "plain"; }
};

// Writes in two turns of the loop, while the connection reads ahead to see its client leave.
class Slow : public Resource {
 public:
  explicit Slow(Reactor& reactor) : reactor_(&reactor) {}
  Body render_get(Request& request) override {
    request.notify_finish().add_errback([](Failure&&) { ++lost; }).detach();
    request.write("one ");
    defer_later(*reactor_, 10ms)
        .add_callback([&request] {
          request.write("two");
          request.finish();
        })
        .detach();
    return NOT_DONE_YET;
  }
  inline static int lost = 0;

 private:
  Reactor* reactor_;
};

// Never answers.
class Silent : public Resource {
 public:
  explicit Silent(Promise<void>& left) : left_(&left) {}
  Body render_get(Request& request) override {
    request.notify_finish()
        .add_errback([this, &request](Failure&&) {
          request.finish();
          left_->callback();
        })
        .detach();
    return NOT_DONE_YET;
  }

 private:
  Promise<void>* left_;
};

std::string curl(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"curl", "--silent", "--insecure"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  ChildProcess process(argv);
  process.wait_for_exit();
  return process.output();
}

TEST(SiteTls, AnswersAtOnceOverTimeAndToClientsThatLeave) {
  Reactor reactor;
  Promise<void> left;
  bool was_told = false;
  Deferred<void> told = left.get_deferred().add_callback([&] {
    was_told = true;
    reactor.stop();
  });
  Resource root;
  root.put_child("hello", Hello());
  root.put_child("slow", Slow(reactor));
  root.put_child("silent", Silent(left));
  const ListeningPort port =
      reactor.listen_ssl(0, Site(std::move(root)), make_tls_context(), {.interface = "127.0.0.1"});
  const std::string url = "https://" + port.get_host().to_string() + "/";
  std::string pages;
  std::thread visitor;
  reactor.call_when_running([&] {
    visitor = std::thread([&] {
      pages = curl({url + "hello", url + "slow", url + "hello"});  // on one connection
      curl({"--max-time", "0.2", url + "silent"});
    });
  });
  reactor.run({.install_signal_handlers = false});
  visitor.join();
  EXPECT_EQ(pages, "secureone twosecure");
  EXPECT_EQ(Slow::lost, 0);
  EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace prometheus_async::tx::web
