#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "actors/rejection.h"
#include "events/log.h"
#include "keyfold/v1/command.pb.h"
#include "projections/projections.h"
#include "schemas/base/clock.h"

namespace keyfold::actors {

/// A command's events are durable and applied.
struct Accepted {
  events::Position position;  // of the command's last event
  std::optional<std::int64_t> credits_remaining;
  /// Set when the same command was accepted before: its answer then.
  std::optional<v1::RecordedAnswer> replayed;
  /// The answer's `data`, where only the decision knows it; else empty.
  std::string data_json;
};
using Outcome = tl::expected<Accepted, Rejection>;

/// Receives a command's outcome once, on a thread of the runtime; must not block.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  virtual void complete(Outcome outcome) = 0;

  /// A peer is told when this node does not own the partition; a client's command goes on to the node that does.
  enum class Origin { kClient, kPeer };
  [[nodiscard]] virtual Origin origin() const { return Origin::kClient; }
};

struct RuntimeOptions {
  int scheduler_threads = 1;                // CAF worker threads
  std::size_t queue_commands_max = 10'000;  // waiting and in-flight commands per partition; above: kOverloaded
};

/// The write path: one actor a partition decides commands on top of what is pending, one thread appends what they
/// decided, each partition applies what became durable and then answers. Thread-safe.
class Runtime {
 public:
  Runtime(events::Log& log, projections::Projections& projections, const Clock& clock, RuntimeOptions options);
  ~Runtime();  // drains
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Takes over every partition by opening a new epoch in each.
  [[nodiscard]] Status start();

  /// Hands the command to its workspace's partition. The sink is called exactly once, possibly before this returns
  /// (overload).
  void submit(v1::Command command, std::unique_ptr<OutcomeSink> sink);

  /// Refuses new commands, answers those in flight, ends the actors. Safe to call twice.
  void drain();

  struct Stats {
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::uint64_t replayed = 0;  // answered from the idempotency record
    std::uint64_t overloaded = 0;
    std::uint64_t in_flight = 0;  // a gauge
    std::uint64_t appends = 0;
    std::uint64_t records = 0;
    std::uint64_t sync_ns = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::actors
