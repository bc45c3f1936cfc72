#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace keyfold::projections {

/// Hears what was counted, so that the counts can be restored after a restart. Called outside all locks, on the thread
/// that asked; must be thread-safe and must not block.
class ChargeSink {
 public:
  virtual ~ChargeSink() = default;
  virtual void charged(std::string_view counter, std::int64_t duration_ms, std::int64_t window,
                       std::int64_t tokens) = 0;
};

/// One question: do `cost` more tokens fit below `limit`?
struct WindowCheck {
  /// Whose tokens: `n/<workspace_id>/<namespace_id>/<identifier>` of ratelimit.limit, `k/<key_id>/<limit's name>` and
  /// `i/<identity_id>/<limit's name>` of verifications, `w/<workspace_id>` of a workspace's requests. The duration is
  /// part of the counter: another duration counts anew, another limit does not.
  std::string_view counter;
  std::int64_t limit = 0;        // 0: nothing passes
  std::int64_t duration_ms = 1;  // at least 1
  std::int64_t cost = 1;         // at least 0; 0 asks without counting
};

struct WindowVerdict {
  bool passed = false;
  std::int64_t remaining = 0;  // 0 when it did not pass
  std::int64_t reset_ms = 0;   // when the current window ends, Unix milliseconds
  bool lacks_room = false;     // did not pass for that reason alone: too many counters live
};

/// Counts tokens in sliding windows of two buckets: window number floor(now / duration) counts fully, the one before it
/// by the part that still lies within one duration from now, rounded down. Exact integers throughout.
///
/// Counts live in memory alone. A counter takes a fixed 80 bytes or so, whatever its text, because it is kept by a
/// cryptographic hash; it is forgotten when two windows have passed without a charge. When `counters_max` of them live,
/// new ones are refused (`passed` is false), those that are known go on: a flood of identifiers fails closed.
///
/// Thread-safe: shards with a small lock each, taken in their order by a batch. Time comes in with each call; a call
/// whose time is behind its counter's is answered as if the counter's newest window had just begun.
class SlidingWindows {
 public:
  /// The limit is kept for each of 64 shards alone, so that it is reached within a few per cent of the number. `sink`
  /// outlives this; null: nobody wants to hear.
  explicit SlidingWindows(std::size_t counters_max, ChargeSink* sink = nullptr);
  ~SlidingWindows();
  SlidingWindows(const SlidingWindows&) = delete;
  SlidingWindows& operator=(const SlidingWindows&) = delete;

  /// Decides the checks together: either all pass and are counted, or none is counted. A later check of the same
  /// counter sees the cost of an earlier one. When one fails, `remaining` of those that did not is what is left without
  /// their own cost. The verdicts are in the order of the checks.
  [[nodiscard]] std::vector<WindowVerdict> check(std::span<const WindowCheck> checks, std::int64_t now_ms);

  /// Adds what was counted before a restart or by another node; any order. Windows older than the counter's last two
  /// are ignored. The sink hears nothing of it.
  void restore(std::string_view counter, std::int64_t duration_ms, std::int64_t window, std::int64_t tokens);

  struct Stats {
    std::uint64_t counters = 0;
    std::uint64_t refused = 0;  // checks that failed because there was no room for their counter
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::projections
