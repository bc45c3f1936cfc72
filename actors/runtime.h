#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/rejection.h"
#include "events/shared_log.h"
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

/// A node of a cluster: its name, and where others send commands for it ("host:port"). Both empty: no cluster.
struct NodeAddress {
  std::string id;
  std::string address;
};

/// How a node takes part in a cluster, whose log is shared.
struct ClusterOptions {
  std::string node_id;
  std::string listen_address = "127.0.0.1";
  std::uint16_t port = 0;       // 0: any free one
  std::string advertised_host;  // as other nodes reach it; empty: the listen address
  /// Mutual TLS between the nodes: PEM files. All empty: none, which is refused unless the listen address is loopback.
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::string tls_ca_file;
  std::int64_t owner_timeout_ms = 10'000;    // how long a command may wait for an owner of its partition
  std::int64_t forward_timeout_ms = 10'000;  // and for another node's answer
  std::int64_t outcome_timeout_ms = 30'000;  // and until the log tells whether it was accepted
};

/// One partition as its node sees it.
struct ReplicaStatus {
  enum class Role { kFollowing, kOpening, kOwning } role = Role::kFollowing;
  events::Sequence next = 0;  // events below it are applied here
  std::uint64_t epoch = 0;    // of the last writer that was seen
  NodeAddress owner;          // that writer's node
  std::uint64_t waiting = 0;  // commands without an owner, under way to it, or not applied here yet
  std::uint64_t takeovers = 0;
  std::uint64_t fenced = 0;    // how often another writer was found to have taken over, or an append failed
  std::uint64_t forwards = 0;  // commands sent to other nodes
  std::string failure;         // why it does nothing any more; empty: it works
};

/// The write path: one actor a partition decides commands on top of what is pending, one thread appends what they
/// decided, each partition applies what became durable and then answers. In a cluster each actor follows its partition,
/// and decides while its node owns it. Thread-safe.
class Runtime {
 public:
  /// For a log that this process owns.
  Runtime(events::Log& log, projections::Projections& projections, const Clock& clock, RuntimeOptions options);
  /// For a node of a cluster. Log and membership outlive the runtime.
  Runtime(events::SharedLog& log, events::Membership& membership, ClusterOptions cluster,
          projections::Projections& projections, const Clock& clock, RuntimeOptions options);
  ~Runtime();  // drains
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Takes over every partition by opening a new epoch in each; in a cluster: listens to the other nodes, joins them,
  /// and takes over what it is assigned.
  [[nodiscard]] Status start();

  /// Hands the command to its workspace's partition. The sink is called exactly once, possibly before this returns
  /// (overload).
  void submit(v1::Command command, std::unique_ptr<OutcomeSink> sink);

  /// Refuses new commands, answers those in flight, ends the actors; in a cluster also lets go of every partition. Safe
  /// to call twice.
  void drain();

  /// Whether this node decides about that partition right now. Always, without a cluster.
  [[nodiscard]] bool owns(events::PartitionId partition) const;
  /// The partitions as this node saw them a moment ago; empty without a cluster.
  [[nodiscard]] std::vector<ReplicaStatus> replicas() const;
  /// Where other nodes reach this one, once started; empty without a cluster.
  [[nodiscard]] NodeAddress node() const;

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
