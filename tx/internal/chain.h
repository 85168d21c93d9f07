// SPDX-License-Identifier: Apache-2.0
//
// What a Deferred that waits and its Promise share: the steps to run, in order, and the result on its way through them.
//
// A step that returns a Deferred which waits (`inner`) makes this chain (`outer`) wait for it. Then the steps of inner
// go in front of the rest of outer's, and inner becomes a stub that leads its Promise to outer. So there is one list
// to run, in one loop, however deep Deferreds were nested; and who holds the Deferred always holds the chain that runs.
//
//   outer: [inner's steps] <end of inner> [rest of outer's steps]        inner --root--> outer
//
// The steps of inner between two such ends are a *segment*. Each chain is the end mark of its own segment, and keeps
// itself alive until it was passed, because its steps live in its memory.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_CHAIN_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_CHAIN_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "tx/failure.h"
#include "tx/internal/recycler.h"
#include "tx/internal/thread_check.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx::internal {

class Chain;

// What Deferred<void> holds.
struct Unit {};
template <class T>
using Stored = std::conditional_t<std::is_void_v<T>, Unit, T>;

// What the loop does after a step.
struct Next {
  enum Kind : std::uint8_t {
    kGoOn,     // the result is in the chain
    kWait,     // the chain waits for another Deferred, or an outer call of the loop runs it
    kHold,     // the chain has its result and is paused
    kResume,   // the result was taken by `awaiting`, which runs next
    kForward,  // the result went to `chain`, which runs next
  };
  Kind kind = kGoOn;
  std::coroutine_handle<> awaiting = nullptr;
  Chain* chain = nullptr;  // of kResume: the one in awaiting's frame, if it has one
};

// A step: runs once, then is gone.
struct Node {
  struct Ops {
    // Takes the chain's result and leaves another; destroys the step. `chain` is what the loop runs.
    Next (*run)(Node* node, Chain* chain) noexcept;
    std::size_t heap_size;  // of its block; 0: lives in a chain or a frame
  };
  explicit Node(const Ops* node_ops) : ops(node_ops) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const Ops* ops;
  Node* next = nullptr;
};

// What cancelling does. Given by the producer; gone once the chain has fired.
struct Canceller {
  struct Ops {
    // Destroys the canceller, having moved what it needs to its own stack before it calls it.
    void (*cancel)(Canceller* canceller, Chain* root);
    void (*destroy)(Canceller* canceller) noexcept;
  };
  const Ops* ops;  // null: a coroutine, which passes it on to `awaited`
  Chain* awaited = nullptr;
};

class Chain : public Node {
 public:
  enum class State : std::uint8_t { kNone, kValue, kFailure };
  using Dispose = void (*)(Chain*) noexcept;
  // With set_debugging(true). Shared with the promise, which outlives its chain.
  struct DebugInfo {
    std::source_location creator;
    std::source_location invoker;
    bool is_called = false;
  };

  // A block with one reference, for its producer or its consumer. `at` is remembered if debugging is on.
  static Chain* make(const std::source_location& at) {
    void* const block = Recycler::allocate(kBlockSize);
    return ::new (block) Chain(nullptr, static_cast<std::byte*>(block) + sizeof(Chain), kBlockSize - sizeof(Chain), at);
  }

  // `dispose` frees it, with the `size` bytes at `room`, which hold its first steps; null: it is at the start of a
  // block.
  Chain(Dispose dispose, std::byte* room, std::size_t size, const std::source_location& at)
      : Node(&kEndOfSegment), room_(static_cast<std::uint16_t>(size)), free_(room), dispose_(dispose) {
    if (get_debugging()) [[unlikely]]
      debug_ = std::make_shared<DebugInfo>(DebugInfo{at, {}, false});
  }
  ~Chain() { drop_result(); }

  // --- Lifetime: counted, on one thread.
  void ref() noexcept { ++refs_; }
  void unref() noexcept {
    if (--refs_ == 0) destroy(this);
  }
  bool is_shared() const noexcept { return refs_ > 1; }

  // --- State.
  // The chain that runs this one's steps: itself, or what it was spliced into.
  Chain* root() noexcept { return root_ == nullptr ? this : find_root(); }
  bool called() const noexcept { return called_; }
  bool is_paused() const noexcept { return segment_->pauses_ > 0; }
  // Called, and the result is here, with nothing left to be done to it.
  bool is_settled() const noexcept { return state_ != State::kNone && called_ && !running_ && !is_paused(); }
  // A root that runs, or waits to run, another's steps before the rest of its own.
  bool is_waiting() const noexcept { return segment_ != this; }
  // "has not fired", "waits for another Deferred", "is paused", "runs its callbacks", "has a value", "has the failure
  // ..."
  std::string describe_state() const;
  // Was spliced, and its own steps have all run.
  bool is_over() const noexcept { return root_ != nullptr && outer_ == nullptr; }
  State state() const noexcept { return state_; }
  void check_thread() const noexcept { thread_.check(); }

  // --- The result.
  template <class T>
  void put(T&& value) {
    using Value = std::remove_cvref_t<T>;
    if constexpr (sizeof(Value) <= sizeof slot_ && alignof(Value) <= alignof(std::max_align_t)) {
      ::new (static_cast<void*>(slot_)) Value(std::forward<T>(value));
      manage_ = std::is_trivially_copyable_v<Value> ? nullptr : &manage_inline<Value>;
    } else {
      ::new (static_cast<void*>(slot_)) std::unique_ptr<Value>(std::make_unique<Value>(std::forward<T>(value)));
      manage_ = &manage_inline<std::unique_ptr<Value>>;
    }
    state_ = State::kValue;
  }
  void put_failure(std::exception_ptr exception) noexcept {
    ::new (static_cast<void*>(slot_)) std::exception_ptr(std::move(exception));
    manage_ = &manage_inline<std::exception_ptr>;
    state_ = State::kFailure;
  }
  // REQUIRES: state() == kValue, of this type.
  template <class Value>
  Value take() noexcept {
    state_ = State::kNone;
    if constexpr (sizeof(Value) <= sizeof slot_ && alignof(Value) <= alignof(std::max_align_t)) {
      return take_from_slot<Value>();
    } else {
      const std::unique_ptr<Value> box = take_from_slot<std::unique_ptr<Value>>();
      return std::move(*box);
    }
  }
  // REQUIRES: state() == kFailure.
  std::exception_ptr take_failure() noexcept {
    state_ = State::kNone;
    return take_from_slot<std::exception_ptr>();
  }
  void drop_result() noexcept {
    if (std::exchange(state_, State::kNone) != State::kNone && manage_ != nullptr) manage_(slot_, nullptr);
  }
  const std::exception_ptr& failure() const noexcept {
    return *std::launder(reinterpret_cast<const std::exception_ptr*>(slot_));
  }

  // --- The consumer's side. On the root.
  // Memory for a step of `size` bytes behind the chain; null if there is no room.
  void* allocate(std::size_t size, std::size_t alignment) noexcept {
    size = (size + sizeof(void*) - 1) / sizeof(void*) * sizeof(void*);
    if (size > room_ || alignment > sizeof(void*)) return nullptr;
    room_ = static_cast<std::uint16_t>(room_ - size);
    return std::exchange(free_, free_ + size);
  }
  void append(Node* node) noexcept {
    if (tail_ == nullptr) {
      head_ = node;
    } else {
      tail_->next = node;
    }
    tail_ = node;
  }
  // Runs the steps if there is a result for them.
  void run_if_ready() {
    if (!called_ || running_ || is_paused()) return;
    ref();
    run(this);
  }
  // Twisted's cancel(): nothing once called. Throws what the canceller throws.
  void cancel();
  // The Deferred is gone: a Failure that comes out is reported.
  void drop_consumer() noexcept {
    has_consumer_ = false;
    if (is_settled()) end_without_consumer();
    unref();
  }

  // --- The producer's side. On the root.
  std::uint32_t epoch() const noexcept { return epoch_; }
  // Whether a promise that remembers `epoch` may fire this very chain.
  bool is_live(std::uint32_t epoch) const noexcept { return root_ == nullptr && epoch_ == epoch && !called_; }
  // The result was put: the steps run, now. Takes over a reference of the caller's.
  void fire() noexcept {
    called_ = true;
    if (canceller_ != nullptr) drop_canceller();
    if (is_paused()) return unref();
    run(this);
  }
  void set_canceller(Canceller* canceller) noexcept {
    if (canceller_ != nullptr) drop_canceller();
    canceller_ = canceller;
  }
  // The root, if a promise of this chain that remembers `epoch` may still fire; null if it was overtaken: its Deferred
  // was cancelled.
  Chain* live_root(std::uint32_t epoch) noexcept;

  // No step and no consumer would see a result: gives the chain up, with a reference of the caller's. False if there is
  // someone.
  bool give_up_unseen() noexcept {
    if (has_consumer_ || head_ != nullptr) return false;
    called_ = true;
    if (canceller_ != nullptr) drop_canceller();
    unref();
    return true;
  }

  // --- A coroutine's side: its result is in root().
  // It never waited, so nobody has its Deferred yet.
  void finish_at_once() noexcept {
    called_ = true;
    canceller_ = nullptr;
    unref();
  }
  // It runs no more. Who resumed it goes on with the steps.
  void finish_frame() noexcept { is_frame_finished_ = true; }

  // --- Between chains.
  // Makes `outer`, the root that runs a step now, wait for `inner`, whose consumer's reference it takes over.
  static Next splice(Chain* outer, Chain* inner) noexcept;
  // Moves the result of `inner` into `outer`.
  static void move_result(Chain* outer, Chain* inner) noexcept;

  // --- Pausing. On the chain whose Deferred was paused; it may have been spliced since.
  void pause() noexcept { ++pauses_; }
  void unpause() noexcept;

  // Runs the steps of `root` that are there and those that they add. Takes over a reference of the caller's.
  static void run(Chain* root) noexcept;

  // Removes a step that has not run. Linear in the number of steps.
  void remove(Node* node) noexcept;

  const std::shared_ptr<DebugInfo>& debug() const noexcept { return debug_; }

 private:
  static constexpr std::size_t kBlockSize = 320;  // with room for the three wrappers and some callbacks

  static Next end_segment(Node* node, Chain* chain) noexcept;
  static const Ops kEndOfSegment;

  template <class Value>
  static void manage_inline(void* from, void* to) noexcept {
    Value* const value = std::launder(static_cast<Value*>(from));
    if (to != nullptr) ::new (to) Value(std::move(*value));
    value->~Value();
  }
  template <class Value>
  Value take_from_slot() noexcept {
    Value* const value = std::launder(reinterpret_cast<Value*>(slot_));
    struct Destroy {
      Value* value;
      ~Destroy() { value->~Value(); }
    } const destroy{value};
    return std::move(*value);
  }

  Chain* find_root() noexcept;
  void drop_canceller() noexcept;
  void end_without_consumer() noexcept {
    if (state_ == State::kFailure) return report_failure();
    drop_result();
  }
  // A failure that nobody takes.
  void report_failure() noexcept;
  static void destroy(Chain* chain) noexcept;

  std::uint32_t refs_ = 1;
  // Changes when this chain, called, begins to wait for another: promises from before are overtaken.
  std::uint32_t epoch_ = 0;
  std::uint32_t root_epoch_ = 0;  // the root's, when this became a stub
  std::uint16_t pauses_ = 0;
  std::uint16_t room_;  // bytes at free_
  State state_ = State::kNone;
  bool called_ = false;
  bool running_ = false;
  bool has_consumer_ = true;  // so it is made: who makes it sees to that, or drops it
  bool is_frame_finished_ = false;
  [[no_unique_address]] ThreadCheck thread_;
  std::byte* free_;
  Node* head_ = nullptr;
  Node* tail_ = nullptr;
  Chain* root_ = nullptr;   // counted
  Chain* segment_ = this;   // of a root: whose steps are at the head of the list
  Chain* outer_ = nullptr;  // of a stub: whose steps follow its own
  Canceller* canceller_ = nullptr;
  Dispose dispose_;
  void (*manage_)(void* from, void* to) noexcept = nullptr;  // moves, or destroys; null: trivial
  std::shared_ptr<DebugInfo> debug_;
  alignas(std::max_align_t) std::byte slot_[32];
};

std::string describe(const Chain::DebugInfo& debug);

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_CHAIN_H_
