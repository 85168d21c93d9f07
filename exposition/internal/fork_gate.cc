// SPDX-License-Identifier: Apache-2.0

#include "exposition/internal/fork_gate.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>

namespace prometheus_async::exposition::internal {
namespace {

constexpr std::chrono::seconds kLongestWait(1);

std::atomic<unsigned> generation = 0;
thread_local int depth = 0;  // passages of this thread, one within the other

class Gate {
 public:
  // Never destroyed: scrapes are answered until the very end.
  static Gate& instance() {
    static Gate& gate = []() -> Gate& {
      ::pthread_atfork([] { instance().before_fork(); }, [] { instance().after_fork_in_parent(); },
                       [] { instance().after_fork_in_child(); });
      return *new Gate;
    }();
    return gate;
  }

  void enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    has_changed_.wait(lock, [this] { return forking_ == 0; });
    ++passages_;
  }

  void leave() {
    const std::lock_guard<std::mutex> lock(mutex_);
    --passages_;
    has_changed_.notify_all();
  }

 private:
  // Leaves the mutex locked: so it is in a known state in the child.
  void before_fork() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (depth == 0) {
      ++forking_;  // nobody enters while those inside are waited for
      has_changed_.wait_for(lock, kLongestWait, [this] { return passages_ == 0; });
      --forking_;
    }
    lock.release();
  }

  void after_fork_in_parent() {
    mutex_.unlock();
    has_changed_.notify_all();
  }

  // Of those that were inside only this thread is here; nobody waits any more.
  void after_fork_in_child() {
    ++generation;
    passages_ = depth > 0 ? 1 : 0;
    forking_ = 0;
    new (&has_changed_) std::condition_variable;
    mutex_.unlock();
  }

  std::mutex mutex_;
  std::condition_variable has_changed_;
  int passages_ = 0;
  int forking_ = 0;
};

}  // namespace

unsigned ForkGate::generation() { return internal::generation; }

ForkGate::Passage::Passage() {
  if (depth++ == 0) Gate::instance().enter();
}

ForkGate::Passage::~Passage() {
  if (--depth == 0) Gate::instance().leave();
}

}  // namespace prometheus_async::exposition::internal
