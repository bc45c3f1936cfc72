#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

// Epoch-based reclamation: what a writer has unlinked is freed once no reader that could have found it is left.
namespace keyfold::projections {

/// As long as one lives, nothing that its thread finds in an index is freed. Wait-free, and each thread announces
/// itself in a cache line of its own. May be nested; must end on the thread that made it; not for long, because
/// meanwhile no writer of the process gets memory back.
///
/// What it protects must be published and found by sequentially consistent operations: only they order a reader's
/// announcement before its look-up, and a writer's unlinking before its search for announcements.
class ReadGuard {
 public:
  ReadGuard();
  ~ReadGuard();
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;
};

/// What one writer has unlinked and not yet freed. Belongs to the writer's thread.
class Reclaimer {
 public:
  using Free = void (*)(void* owner, std::uint64_t what);

  Reclaimer() = default;
  ~Reclaimer() { free_all(); }
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  /// Calls `free(owner, what)` when no reader can see it any more. It must be unlinked already.
  void retire(Free free, void* owner, std::uint64_t what) { fresh_.push_back({free, owner, what, 0}); }
  /// Frees what has become free. Never waits.
  void reclaim();
  /// Frees everything; there must be no readers.
  void free_all();
  /// How many retired things are not yet freed.
  [[nodiscard]] std::size_t waiting() const { return fresh_.size() + retired_.size(); }

 private:
  struct Item {
    Free free;
    void* owner;
    std::uint64_t what;
    std::uint64_t epoch;  // readers announced in it, or before, may see the item
  };
  std::deque<Item> fresh_;    // since the last reclaim
  std::deque<Item> retired_;  // by epoch
};

}  // namespace keyfold::projections
