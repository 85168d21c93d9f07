// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/chain.h"

#include <cassert>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tx/errors.h"

namespace prometheus_async::tx::internal {
namespace {

constexpr std::uint32_t kOvertaken = UINT32_MAX;

std::string place(const std::source_location& at) {
  return std::string(at.file_name()) + ":" + std::to_string(at.line());
}

std::exception_ptr cancelled_error() noexcept {
  // One object for all: a cancelled Deferred costs no allocation.
  static const std::exception_ptr error = std::make_exception_ptr(CancelledError());
  return error;
}

}  // namespace

std::string describe(const Chain::DebugInfo& debug) {
  std::string text = "made at " + place(debug.creator);
  if (debug.is_called) text += ", fired at " + place(debug.invoker);
  return text;
}

std::string Chain::describe_state() const {
  std::string text;
  if (running_) {
    text = "runs its callbacks";
  } else if (called_ && is_paused()) {
    text = "is paused";
  } else if (is_waiting()) {
    text = "waits for another Deferred";
  } else if (!called_) {
    text = "has not fired";
  } else if (state_ == State::kFailure) {
    text = "has the failure " + Failure(failure()).get_brief_traceback();
  } else {
    text = "has a value";
  }
  if (debug_) text += " (" + describe(*debug_) + ")";
  return text;
}

const Node::Ops Chain::kEndOfSegment{&Chain::end_segment, 0};

void Chain::destroy(Chain* chain) noexcept {
  // A loop: a stub may be the last to know its root, and so on.
  while (chain != nullptr) {
    assert(chain->head_ == nullptr && "a chain ends only after its steps have run");
    Chain* const root = std::exchange(chain->root_, nullptr);
    if (chain->dispose_ != nullptr) {
      chain->dispose_(chain);
    } else {
      chain->~Chain();
      Recycler::free(chain, kBlockSize);
    }
    chain = root != nullptr && --root->refs_ == 0 ? root : nullptr;
  }
}

Chain* Chain::find_root() noexcept {
  // Path halving: each second stub on the way leads to the next but one from now on.
  Chain* chain = this;
  while (Chain* const grand = chain->root_->root_) {
    Chain* const between = chain->root_;
    chain->root_epoch_ = chain->root_epoch_ == between->epoch_ ? between->root_epoch_ : kOvertaken;
    grand->ref();
    chain->root_ = grand;
    between->unref();
    if (grand->root_ == nullptr) break;
    chain = grand;
  }
  return chain->root_;
}

Chain* Chain::live_root(std::uint32_t epoch) noexcept {
  Chain* chain = this;
  for (;;) {
    if (chain->epoch_ != epoch) return nullptr;
    if (chain->root_ == nullptr) return chain->called_ ? nullptr : chain;
    epoch = chain->root_epoch_;
    chain = chain->root_;
  }
}

void Chain::drop_canceller() noexcept {
  Canceller* const canceller = std::exchange(canceller_, nullptr);
  if (canceller->ops != nullptr) canceller->ops->destroy(canceller);
}

void Chain::report_failure() noexcept {
  const Failure failure(take_failure());
  report_unhandled_failure(failure, debug_ ? describe(*debug_) : std::string());
}

void Chain::cancel() {
  Chain* chain = this;
  for (;;) {
    if (chain->called_) return;
    Canceller* const canceller = chain->canceller_;
    if (canceller == nullptr || canceller->ops != nullptr) break;
    if (canceller->awaited == nullptr) return;  // the coroutine runs at this moment
    chain = canceller->awaited;
  }
  const std::uint32_t epoch = chain->epoch_;
  struct Hold {
    Chain* chain;
    ~Hold() { chain->unref(); }
  } const hold{chain};
  chain->ref();
  if (Canceller* const canceller = std::exchange(chain->canceller_, nullptr)) canceller->ops->cancel(canceller, chain);
  if (Chain* const root = chain->live_root(epoch)) {
    root->put_failure(cancelled_error());
    root->ref();
    root->fire();
  }
}

void Chain::unpause() noexcept {
  if (--pauses_ > 0) return;
  Chain* const running = root();
  if (running->segment_ == this) running->run_if_ready();
}

void Chain::remove(Node* node) noexcept {
  Node* before = nullptr;
  for (Node* each = head_; each != node; each = each->next) {
    if (each == nullptr) return;
    before = each;
  }
  (before == nullptr ? head_ : before->next) = node->next;
  if (tail_ == node) tail_ = before;
}

void Chain::move_result(Chain* outer, Chain* inner) noexcept {
  if (inner->manage_ == nullptr) {
    std::memcpy(outer->slot_, inner->slot_, sizeof slot_);
  } else {
    inner->manage_(inner->slot_, outer->slot_);
  }
  outer->manage_ = inner->manage_;
  outer->state_ = std::exchange(inner->state_, State::kNone);
}

Next Chain::splice(Chain* outer, Chain* inner) noexcept {
  if (outer == inner) {
    outer->has_consumer_ = false;
    outer->unref();
    outer->put_failure(std::make_exception_ptr(
        std::logic_error("prometheus_async: a callback returned the very Deferred that it is a callback of")));
    return {};
  }
  // A segment with nothing left to do ends here, so that `return step().add_callback(loop)` goes on for ever in one
  // chain. Unless someone may still cancel or unpause it by its name.
  for (Chain* segment = outer->segment_; segment != outer && outer->head_ == segment && !segment->is_shared();
       segment = outer->segment_) {
    outer->head_ = segment->next;
    if (outer->head_ == nullptr) outer->tail_ = nullptr;
    outer->segment_ = std::exchange(segment->outer_, nullptr);
    segment->unref();
  }
  inner->next = nullptr;
  inner->append(inner);  // the end of its segment; keeps the consumer's reference
  inner->tail_->next = outer->head_;
  if (outer->head_ == nullptr) outer->tail_ = inner;
  outer->head_ = std::exchange(inner->head_, nullptr);
  inner->tail_ = nullptr;
  inner->outer_ = outer->segment_;
  outer->segment_ = inner->segment_;

  outer->canceller_ = std::exchange(inner->canceller_, nullptr);
  outer->called_ = inner->called_;
  outer->running_ = inner->running_;
  if (inner->state_ != State::kNone) move_result(outer, inner);
  inner->root_epoch_ = ++outer->epoch_;
  inner->root_ = outer;
  outer->ref();
  return {Next::kWait};
}

Next Chain::end_segment(Node* node, Chain* chain) noexcept {
  Chain* const ended = static_cast<Chain*>(node);
  chain->segment_ = std::exchange(ended->outer_, nullptr);
  ended->unref();
  return {chain->is_paused() ? Next::kHold : Next::kGoOn};
}

void Chain::run(Chain* chain) noexcept {
  for (;;) {
    chain->running_ = true;
    Next next;
    while (Node* const node = chain->head_) {
      chain->head_ = node->next;
      if (chain->head_ == nullptr) chain->tail_ = nullptr;
      const Ops* const node_ops = node->ops;
      next = node_ops->run(node, chain);
      if (node_ops->heap_size > 0) Recycler::free(node, node_ops->heap_size);
      if (chain->root_ != nullptr) {  // spliced into another while its step ran
        Chain* const root = chain->root();
        root->ref();
        chain->unref();
        chain = root;
      }
      if (next.kind != Next::kGoOn) break;
    }
    if (next.kind != Next::kWait) chain->running_ = false;
    if (next.kind == Next::kGoOn && !chain->has_consumer_) chain->end_without_consumer();
    chain->unref();
    if (next.kind == Next::kForward) {
      chain = next.chain;
    } else if (next.kind == Next::kResume) {
      // A coroutine took the result and runs. If it ends, its own chain is next.
      Chain* const frame = next.chain;
      if (frame != nullptr) frame->ref();
      next.awaiting.resume();
      if (frame == nullptr) return;
      if (!frame->is_frame_finished_) return frame->unref();
      frame->unref();  // the coroutine's own reference
      chain = frame->root();
      chain->ref();
      frame->unref();
    } else {
      return;
    }
    // As fire(), with the reference of this loop.
    chain->called_ = true;
    if (chain->canceller_ != nullptr) chain->drop_canceller();
    if (chain->is_paused()) return chain->unref();
  }
}

}  // namespace prometheus_async::tx::internal
