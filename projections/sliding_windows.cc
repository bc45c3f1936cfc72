#include "projections/sliding_windows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <limits>
#include <mutex>
#include <unordered_map>

#include "schemas/base/hash.h"

namespace keyfold::projections {
namespace {

__extension__ using Wide = __int128;  // sums and products of 64-bit counts

constexpr std::size_t kShards = 64;  // as many as the bits of a batch's set of shards
/// Looked at for each new counter: more than one, so that what is dead goes faster than what is new comes.
constexpr std::size_t kSweepBuckets = 2;
/// A counter is needed for two windows; the third is for threads that were held up.
constexpr std::int64_t kWindowsKept = 3;
constexpr std::int64_t kFullSweepIntervalMs = 1'000;

/// A counter's text and duration, hashed. 128 bits of SHA-256: nobody finds two texts that share one.
struct CounterId {
  std::uint64_t bucket = 0;
  std::uint64_t shard = 0;
  friend bool operator==(const CounterId&, const CounterId&) = default;
};
struct HashOfId {
  std::size_t operator()(const CounterId& id) const noexcept { return id.bucket; }
};

CounterId id_of(std::string_view counter, std::int64_t duration_ms) {
  char duration[sizeof duration_ms];
  std::memcpy(duration, &duration_ms, sizeof duration);
  const Digest digest = sha256({counter, {duration, sizeof duration}});
  CounterId id;
  std::memcpy(&id, digest.data(), sizeof id);
  return id;
}

struct Counter {
  std::int64_t duration_ms = 1;
  std::int64_t window = 0;
  std::int64_t current = 0;   // tokens in `window`
  std::int64_t previous = 0;  // tokens in the window before it

  [[nodiscard]] bool is_dead(std::int64_t now_ms) const { return now_ms / duration_ms - window >= kWindowsKept; }

  /// Moves on to a window that is not older.
  void roll_to(std::int64_t next) {
    if (next == window) return;
    previous = next == window + 1 ? current : 0;
    current = 0;
    window = next;
  }

  /// How many tokens of the window before still count.
  [[nodiscard]] std::int64_t carried(std::int64_t now_ms) const {
    const std::int64_t elapsed = std::max<std::int64_t>(0, now_ms - window * duration_ms);
    return static_cast<std::int64_t>(Wide{previous} * (duration_ms - elapsed) / duration_ms);
  }
};

/// A cache line of its own, so that threads in different shards don't slow each other down.
struct alignas(64) Shard {
  mutable std::mutex mutex;
  std::unordered_map<CounterId, Counter, HashOfId> counters;
  std::size_t swept = 0;  // buckets, counted on from one sweep to the next
  std::int64_t full_sweep_ms = std::numeric_limits<std::int64_t>::min();

  void sweep(std::size_t buckets, std::int64_t now_ms);
  [[nodiscard]] bool make_room(std::size_t counters_max, std::int64_t now_ms);
};

void Shard::sweep(std::size_t buckets, std::int64_t now_ms) {
  for (; buckets > 0; --buckets) {
    const std::size_t bucket = swept++ % counters.bucket_count();
    // Erasing ends the iterators of a bucket: each dead counter is looked for from its beginning.
    const auto find_dead = [&] {
      return std::find_if(counters.begin(bucket), counters.end(bucket),
                          [now_ms](const auto& entry) { return entry.second.is_dead(now_ms); });
    };
    for (auto dead = find_dead(); dead != counters.end(bucket); dead = find_dead()) {
      const CounterId id = dead->first;
      counters.erase(id);
    }
  }
}

/// Whether one more counter may come, after forgetting some that are dead.
bool Shard::make_room(std::size_t counters_max, std::int64_t now_ms) {
  sweep(kSweepBuckets, now_ms);
  if (counters.size() < counters_max) return true;
  // No window is shorter in practice, so that looking more often would find little.
  if (now_ms < full_sweep_ms) return false;
  full_sweep_ms = now_ms + kFullSweepIntervalMs;
  sweep(counters.bucket_count(), now_ms);
  return counters.size() < counters_max;
}

/// A check on its way to a verdict.
struct Reading {
  CounterId id;
  Counter counter;  // as it stands now, uncharged
};

}  // namespace

struct SlidingWindows::Impl {
  [[nodiscard]] Shard& shard(const CounterId& id) { return shards[id.shard % kShards]; }

  [[nodiscard]] Counter read(const CounterId& id, std::int64_t duration_ms, std::int64_t now_ms) {
    const std::int64_t window = now_ms / duration_ms;
    const auto& counters = shard(id).counters;
    const auto found = counters.find(id);
    if (found == counters.end()) return {.duration_ms = duration_ms, .window = window};
    Counter counter = found->second;
    counter.roll_to(std::max(window, counter.window));
    return counter;
  }

  [[nodiscard]] bool has_room(const CounterId& id, std::int64_t now_ms) {
    Shard& in = shard(id);
    if (in.counters.contains(id) || in.make_room(shard_counters_max, now_ms)) return true;
    refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  [[nodiscard]] bool evaluate(std::span<const WindowCheck> checks, std::int64_t now_ms, std::span<Reading> readings,
                              std::span<WindowVerdict> verdicts);
  void charge(std::span<const WindowCheck> checks, std::span<const Reading> readings);

  std::array<Shard, kShards> shards;
  std::size_t shard_counters_max = 0;
  ChargeSink* sink = nullptr;
  std::atomic<std::uint64_t> refused{0};
};

namespace {

/// Holds the shards of a batch, taken in their order, which no two batches can turn into a deadlock.
class BatchLock {
 public:
  BatchLock(std::array<Shard, kShards>& shards, std::span<const Reading> readings) : shards_(shards) {
    for (const Reading& reading : readings) held_ |= std::uint64_t{1} << (reading.id.shard % kShards);
    for (std::size_t i = 0; i < kShards; ++i) {
      if (holds(i)) shards_[i].mutex.lock();
    }
  }
  ~BatchLock() {
    for (std::size_t i = 0; i < kShards; ++i) {
      if (holds(i)) shards_[i].mutex.unlock();
    }
  }
  BatchLock(const BatchLock&) = delete;
  BatchLock& operator=(const BatchLock&) = delete;

 private:
  [[nodiscard]] bool holds(std::size_t shard) const { return (held_ >> shard & 1) != 0; }

  std::array<Shard, kShards>& shards_;
  std::uint64_t held_ = 0;
};

}  // namespace

/// Fills in the verdicts; whether all passed.
bool SlidingWindows::Impl::evaluate(std::span<const WindowCheck> checks, std::int64_t now_ms,
                                    std::span<Reading> readings, std::span<WindowVerdict> verdicts) {
  bool all_passed = true;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const WindowCheck& check = checks[i];
    readings[i].counter = read(readings[i].id, check.duration_ms, now_ms);
    const Counter& counter = readings[i].counter;
    Wide effective = Wide{counter.current} + counter.carried(now_ms) + check.cost;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (readings[earlier].id == readings[i].id) effective += checks[earlier].cost;
    }
    const bool fits = check.limit > 0 && effective <= check.limit;
    const bool lacks_room = fits && check.cost > 0 && !has_room(readings[i].id, now_ms);
    const bool passed = fits && !lacks_room;
    verdicts[i] = {passed, passed ? static_cast<std::int64_t>(check.limit - effective) : 0,
                   (counter.window + 1) * check.duration_ms, lacks_room};
    all_passed = all_passed && passed;
  }
  return all_passed;
}

void SlidingWindows::Impl::charge(std::span<const WindowCheck> checks, std::span<const Reading> readings) {
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (checks[i].cost == 0) continue;
    const Counter& as_read = readings[i].counter;
    Counter& counter = shard(readings[i].id).counters.try_emplace(readings[i].id, as_read).first->second;
    counter.roll_to(as_read.window);
    counter.current += checks[i].cost;
  }
}

SlidingWindows::SlidingWindows(std::size_t counters_max, ChargeSink* sink) : impl_(std::make_unique<Impl>()) {
  impl_->shard_counters_max = (counters_max + kShards - 1) / kShards;
  impl_->sink = sink;
}
SlidingWindows::~SlidingWindows() = default;

std::vector<WindowVerdict> SlidingWindows::check(std::span<const WindowCheck> checks, std::int64_t now_ms) {
  std::vector<WindowVerdict> verdicts(checks.size());
  std::vector<Reading> readings(checks.size());
  for (std::size_t i = 0; i < checks.size(); ++i) readings[i].id = id_of(checks[i].counter, checks[i].duration_ms);
  bool all_passed = false;
  {
    const BatchLock lock(impl_->shards, readings);
    all_passed = impl_->evaluate(checks, now_ms, readings, verdicts);
    if (all_passed) impl_->charge(checks, readings);
  }
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (!all_passed) {
      if (verdicts[i].passed) verdicts[i].remaining += checks[i].cost;
    } else if (impl_->sink != nullptr && checks[i].cost > 0) {
      impl_->sink->charged(checks[i].counter, checks[i].duration_ms, readings[i].counter.window, checks[i].cost);
    }
  }
  return verdicts;
}

void SlidingWindows::restore(std::string_view counter, std::int64_t duration_ms, std::int64_t window,
                             std::int64_t tokens) {
  const CounterId id = id_of(counter, duration_ms);
  Shard& shard = impl_->shard(id);
  const std::lock_guard lock(shard.mutex);
  auto found = shard.counters.find(id);
  if (found == shard.counters.end()) {
    // It was charged in that window, so that much time has passed.
    if (!shard.make_room(impl_->shard_counters_max, window * duration_ms)) return;
    found = shard.counters.try_emplace(id, Counter{.duration_ms = duration_ms, .window = window}).first;
  }
  Counter& restored = found->second;
  if (window > restored.window) restored.roll_to(window);
  if (window < restored.window - 1) return;
  std::int64_t& count = window == restored.window ? restored.current : restored.previous;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  count = static_cast<std::int64_t>(std::min(Wide{count} + tokens, kMost));
}

SlidingWindows::Stats SlidingWindows::stats() const {
  Stats stats{.refused = impl_->refused.load(std::memory_order_relaxed)};
  for (const Shard& shard : impl_->shards) {
    const std::lock_guard lock(shard.mutex);
    stats.counters += shard.counters.size();
  }
  return stats;
}

}  // namespace keyfold::projections
