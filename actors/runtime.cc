#include "actors/runtime.h"

#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "actors/cluster/peers.h"
#include "actors/message_order.h"
#include "actors/partition_actor.h"
#include "actors/partition_writer.h"
#include "actors/takeover.h"
#include "events/log_writer.h"

namespace keyfold::actors {
namespace {

/// Work sharing, because the default policy sleeps unwakeably between its polls: 65 microseconds at one client.
struct SystemConfig : caf::actor_system_config {
  SystemConfig(int threads, const std::optional<ClusterOptions>& cluster) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", static_cast<std::size_t>(threads));
    if (cluster) load_peer_modules(*this, *cluster);
  }
};

/// CAF ignores an option whose name it does not know, so the scheduler is asked what it has become.
Status check_scheduler(caf::actor_system& system, int threads) {
  using Sharing = caf::scheduler::coordinator<caf::policy::work_sharing>;
  if (dynamic_cast<Sharing*>(&system.scheduler()) == nullptr ||
      system.scheduler().num_workers() != static_cast<std::size_t>(threads)) {
    return fail(ErrorCode::kInternal, "the actor system did not take its scheduler settings");
  }
  return {};
}

/// One partition's way from its replica to the log and to other nodes.
class ReplicaLink final : public ReplicaPorts {
 public:
  explicit ReplicaLink(events::SharedLog& log) : log_(log) {}

  /// Before the first call.
  void connect(const caf::actor& replica, const caf::actor& peers) {
    replica_ = replica;
    peers_ = peers;
    writer_ = std::make_unique<events::LogWriter>(
        log_, [this](events::PartitionId, events::Sequence next, const Status& status) {
          send_shared(replica_, std::make_shared<const Durable>(Durable{next, status}));
        });
  }
  /// After it nothing more is appended.
  void end() {
    if (writer_) last_stats_ = std::exchange(writer_, nullptr)->stats();
  }
  [[nodiscard]] events::LogWriter::Stats stats() const { return writer_ ? writer_->stats() : last_stats_; }

  void append(events::Append append) override {
    writer_->submit(append.partition, append.first, std::move(append.records));
  }

  void forward(std::uint64_t number, const std::string& address, const v1::Command& command) override {
    auto request = std::make_shared<PeerRequest>();
    request->address = address;
    request->bytes = command.SerializeAsString();
    request->done = [replica = replica_, number](ForwardReply reply) {
      send_shared(replica, std::make_shared<Forwarded>(Forwarded{number, std::move(reply)}));
    };
    send_shared(peers_, std::move(request));
  }

  [[nodiscard]] std::int64_t now_ms() const override {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
  }

 private:
  events::SharedLog& log_;
  caf::actor replica_;
  caf::actor peers_;
  std::unique_ptr<events::LogWriter> writer_;
  events::LogWriter::Stats last_stats_;
};

void add(events::LogWriter::Stats& sum, const events::LogWriter::Stats& stats) {
  sum.appends += stats.appends;
  sum.records += stats.records;
  sum.sync_ns += stats.sync_ns;
}

}  // namespace

struct Runtime::Impl {
  Impl(events::Log& events_log, projections::Projections& read_models, const Clock& wall_clock,
       const RuntimeOptions& settings, std::optional<ClusterOptions> cluster_options)
      : log(events_log),
        projections(read_models),
        clock(wall_clock),
        options(settings),
        cluster(std::move(cluster_options)),
        counters(events_log.partitions()),
        config(settings.scheduler_threads, cluster) {}

  /// Takes over every partition of a log that this process owns.
  Status start_alone() {
    const auto starts = take_over(log, projections, clock.now_ms());
    if (!starts) return tl::unexpected(starts.error());
    writer = std::make_unique<events::LogWriter>(
        log, [this](events::PartitionId partition, events::Sequence next, const Status& status) {
          send_shared(actors[partition], std::make_shared<const Durable>(Durable{next, status}));
        });
    for (events::PartitionId partition = 0; partition < log.partitions(); ++partition) {
      auto append = [to = writer.get(), partition](events::Sequence first, std::vector<events::Record> records) {
        to->submit(partition, first, std::move(records));
      };
      actors.push_back(
          system->spawn(partition_actor, std::make_shared<PartitionWriter>(partition, (*starts)[partition], projections,
                                                                           std::move(append), counters[partition])));
    }
    return {};
  }

  /// Follows every partition and joins the others.
  Status start_in_cluster() {
    auto peer_server = spawn_peer_server(
        *system, *cluster, [this](v1::Command command, auto sink) { submit(std::move(command), std::move(sink)); });
    if (!peer_server) return tl::unexpected(peer_server.error());
    server = std::move(peer_server->actor);
    const std::string& host = cluster->advertised_host.empty() ? cluster->listen_address : cluster->advertised_host;
    node = {cluster->node_id, host + ":" + std::to_string(peer_server->port)};
    client = spawn_peer_client(*system, *cluster);
    for (events::PartitionId partition = 0; partition < log.partitions(); ++partition) {
      links.push_back(std::make_unique<ReplicaLink>(*shared_log));
      auto& shared = replicas.emplace_back(std::make_shared<SharedReplica>());
      shared->replica = std::make_unique<PartitionReplica>(
          partition, *shared_log, projections, clock, *links.back(), counters[partition],
          ReplicaOptions{node, cluster->owner_timeout_ms, cluster->outcome_timeout_ms});
      shared->publish();
      before_sending(shared.get());
      actors.push_back(system->spawn(replica_actor, shared));
      links.back()->connect(actors.back(), client);
    }
    shared_log->listen([this](events::PartitionId partition) {
      if (!replicas[partition]->has_grown.exchange(true)) call(partition, ReplicaCall::kGrown);
    });
    // What came between the replicas' first look and the listener.
    call_all(ReplicaCall::kGrown);
    return membership->join({[this](const auto& partitions) { call(partitions, ReplicaCall::kAssigned); },
                             [this](const auto& partitions) { call(partitions, ReplicaCall::kRevoked); }});
  }

  void call(events::PartitionId partition, ReplicaCall what) {
    before_sending(replicas[partition].get());
    caf::anon_send(actors[partition], what);
  }
  void call(const std::vector<events::PartitionId>& partitions, ReplicaCall what) {
    for (const events::PartitionId partition : partitions) call(partition, what);
  }
  void call_all(ReplicaCall what) {
    for (events::PartitionId partition = 0; partition < actors.size(); ++partition) call(partition, what);
  }

  void submit(v1::Command command, std::unique_ptr<OutcomeSink> sink) {
    const auto partition = events::partition_of(command.workspace_id(), log.partitions());
    PartitionCounters& counts = counters[partition];
    // Admission comes before the look at `open`: drain closes first and then waits for what was admitted.
    const std::uint64_t waiting = counts.in_flight.fetch_add(1);
    const bool is_open = open.load();
    if (is_open && waiting < options.queue_commands_max) {
      return send_shared(actors[partition],
                         std::make_shared<Submission>(Submission{std::move(command), std::move(sink)}));
    }
    counts.overloaded.fetch_add(1, std::memory_order_relaxed);
    if (counts.in_flight.fetch_sub(1) == 1) counts.in_flight.notify_all();
    const Rejection busy{RejectionCode::kOverloaded, "Too many changes are waiting: retry a little later."};
    const Rejection closed{RejectionCode::kOverloaded, "This node takes no changes: it is starting or shutting down."};
    // Another node's command does better with the partition's next owner.
    const bool goes_elsewhere = !is_open && sink->origin() == OutcomeSink::Origin::kPeer;
    sink->complete(tl::unexpected(goes_elsewhere ? no_owner() : is_open ? busy : closed));
  }

  /// Until then a replica may still be opening its partition.
  void drain_replicas() {
    call_all(ReplicaCall::kDrain);
    for (std::size_t i = 0; i < actors.size(); ++i) replicas[i]->has_drained.wait(false);
  }

  void wait_until_answered() {
    for (PartitionCounters& counts : counters) {
      for (auto waiting = counts.in_flight.load(); waiting != 0; waiting = counts.in_flight.load()) {
        counts.in_flight.wait(waiting);
      }
    }
  }

  [[nodiscard]] events::LogWriter::Stats writer_stats() const {
    events::LogWriter::Stats sum = writer ? writer->stats() : last_writer_stats;
    for (const auto& link : links) add(sum, link->stats());
    return sum;
  }

  events::Log& log;
  projections::Projections& projections;
  const Clock& clock;
  const RuntimeOptions options;
  const std::optional<ClusterOptions> cluster;
  events::SharedLog* shared_log = nullptr;  // with a cluster
  events::Membership* membership = nullptr;
  std::vector<PartitionCounters> counters;  // one a partition
  std::atomic<bool> open{false};            // between start and drain

  mutable std::mutex lifecycle;  // start, drain and stats; guards what follows, apart from sends to the actors
  SystemConfig config;
  std::unique_ptr<caf::actor_system> system;
  std::vector<caf::actor> actors;  // one a partition; fixed while open
  std::unique_ptr<events::LogWriter> writer;
  events::LogWriter::Stats last_writer_stats;  // of the writer, once it has ended

  // With a cluster.
  NodeAddress node;
  caf::actor server;
  caf::actor client;
  std::vector<std::unique_ptr<ReplicaLink>> links;       // one a partition, as the next
  std::vector<std::shared_ptr<SharedReplica>> replicas;  // fixed while open
};

Runtime::Runtime(events::Log& log, projections::Projections& projections, const Clock& clock, RuntimeOptions options)
    : impl_(std::make_unique<Impl>(log, projections, clock, options, std::nullopt)) {}

Runtime::Runtime(events::SharedLog& log, events::Membership& membership, ClusterOptions cluster,
                 projections::Projections& projections, const Clock& clock, RuntimeOptions options)
    : impl_(std::make_unique<Impl>(log, projections, clock, options, std::move(cluster))) {
  impl_->shared_log = &log;
  impl_->membership = &membership;
}

Runtime::~Runtime() { drain(); }

Status Runtime::start() {
  Impl& impl = *impl_;
  const std::lock_guard lock(impl.lifecycle);
  if (impl.system) return fail(ErrorCode::kFailedPrecondition, "the runtime was started before");
  if (impl.options.scheduler_threads < 1) {
    return fail(ErrorCode::kInvalidArgument, "the scheduler needs at least one thread", "scheduler_threads");
  }
  impl.system = std::make_unique<caf::actor_system>(impl.config);
  if (auto checked = check_scheduler(*impl.system, impl.options.scheduler_threads); !checked) return checked;
  // Nothing reaches an actor before all are there: only `open` lets commands in, other nodes' too.
  Status started = impl.cluster ? impl.start_in_cluster() : impl.start_alone();
  if (started) impl.open.store(true);
  return started;
}

void Runtime::submit(v1::Command command, std::unique_ptr<OutcomeSink> sink) {
  impl_->submit(std::move(command), std::move(sink));
}

void Runtime::drain() {
  Impl& impl = *impl_;
  impl.open.store(false);
  if (impl.cluster) impl.drain_replicas();
  impl.wait_until_answered();
  // Not before: the next owner would fence what is still under way.
  if (impl.cluster) impl.membership->leave();
  const std::lock_guard lock(impl.lifecycle);
  if (impl.shared_log != nullptr) impl.shared_log->stop_listening();
  if (impl.writer) {
    impl.last_writer_stats = impl.writer->stats();
    impl.writer.reset();
  }
  for (const auto& link : impl.links) link->end();
  // An actor ends after the message at hand, and so after the last answer has left.
  for (const caf::actor& actor : impl.actors) caf::anon_send(actor, Stop{});
  impl.actors.clear();
  for (caf::actor* peer : {&impl.server, &impl.client}) {
    if (*peer) caf::anon_send_exit(*peer, caf::exit_reason::user_shutdown);
    *peer = nullptr;
  }
  if (impl.system) impl.system->await_all_actors_done();
}

bool Runtime::owns(events::PartitionId partition) const {
  return !impl_->cluster || impl_->replicas.at(partition)->owns.load(std::memory_order_relaxed);
}

std::vector<ReplicaStatus> Runtime::replicas() const {
  std::vector<ReplicaStatus> all;
  for (const auto& shared : impl_->replicas) {
    const std::lock_guard lock(shared->mutex);
    all.push_back(shared->status);
  }
  return all;
}

NodeAddress Runtime::node() const { return impl_->node; }

Runtime::Stats Runtime::stats() const {
  Stats stats;
  for (const PartitionCounters& counters : impl_->counters) {
    stats.accepted += counters.accepted.load(std::memory_order_relaxed);
    stats.rejected += counters.rejected.load(std::memory_order_relaxed);
    stats.replayed += counters.replayed.load(std::memory_order_relaxed);
    stats.overloaded += counters.overloaded.load(std::memory_order_relaxed);
    stats.in_flight += counters.in_flight.load(std::memory_order_relaxed);
  }
  const std::lock_guard lock(impl_->lifecycle);
  const auto writer = impl_->writer_stats();
  stats.appends = writer.appends;
  stats.records = writer.records;
  stats.sync_ns = writer.sync_ns;
  return stats;
}

}  // namespace keyfold::actors
