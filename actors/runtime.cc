#include "actors/runtime.h"

#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <mutex>
#include <vector>

#include "actors/partition_actor.h"
#include "actors/partition_writer.h"
#include "actors/takeover.h"
#include "events/log_writer.h"

namespace keyfold::actors {
namespace {

/// Work sharing, because the default policy sleeps unwakeably between its polls: 65 microseconds at one client.
caf::actor_system_config make_config(int threads) {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", static_cast<std::size_t>(threads));
  return config;
}

/// CAF ignores an option whose name it does not know, so the scheduler is asked what it has become.
Status check_scheduler(caf::actor_system& system, int threads) {
  using Sharing = caf::scheduler::coordinator<caf::policy::work_sharing>;
  if (dynamic_cast<Sharing*>(&system.scheduler()) == nullptr ||
      system.scheduler().num_workers() != static_cast<std::size_t>(threads)) {
    return fail(ErrorCode::kInternal, "the actor system did not take its scheduler settings");
  }
  return {};
}

}  // namespace

struct Runtime::Impl {
  Impl(events::Log& events_log, projections::Projections& read_models, const Clock& wall_clock,
       const RuntimeOptions& settings)
      : log(events_log),
        projections(read_models),
        clock(wall_clock),
        options(settings),
        counters(events_log.partitions()),
        config(make_config(settings.scheduler_threads)) {}

  void on_durable(events::PartitionId partition, events::Sequence next, const Status& status) {
    DurablePtr durable = std::make_shared<Durable>(Durable{next, status});
    before_sending(durable.get());
    caf::anon_send(actors[partition], std::move(durable));
  }

  events::Log& log;
  projections::Projections& projections;
  const Clock& clock;
  const RuntimeOptions options;
  std::vector<PartitionCounters> counters;  // one a partition
  std::atomic<bool> open{false};            // between start and drain

  std::mutex lifecycle;  // start, drain and stats; guards what follows, apart from sends to the actors
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::vector<caf::actor> actors;  // one a partition; fixed while open
  std::unique_ptr<events::LogWriter> writer;
  events::LogWriter::Stats last_writer_stats;  // of the writer, once it has ended
};

Runtime::Runtime(events::Log& log, projections::Projections& projections, const Clock& clock, RuntimeOptions options)
    : impl_(std::make_unique<Impl>(log, projections, clock, options)) {}

Runtime::~Runtime() { drain(); }

Status Runtime::start() {
  Impl& impl = *impl_;
  const std::lock_guard lock(impl.lifecycle);
  if (impl.system) return fail(ErrorCode::kFailedPrecondition, "the runtime was started before");
  if (impl.options.scheduler_threads < 1) {
    return fail(ErrorCode::kInvalidArgument, "the scheduler needs at least one thread", "scheduler_threads");
  }
  const auto starts = take_over(impl.log, impl.projections, impl.clock.now_ms());
  if (!starts) return tl::unexpected(starts.error());

  impl.system = std::make_unique<caf::actor_system>(impl.config);
  if (auto checked = check_scheduler(*impl.system, impl.options.scheduler_threads); !checked) return checked;
  impl.writer = std::make_unique<events::LogWriter>(
      impl.log, [&impl](events::PartitionId partition, events::Sequence next, const Status& status) {
        impl.on_durable(partition, next, status);
      });
  for (events::PartitionId partition = 0; partition < impl.log.partitions(); ++partition) {
    auto append = [writer = impl.writer.get(), partition](events::Sequence first, std::vector<events::Record> records) {
      writer->submit(partition, first, std::move(records));
    };
    impl.actors.push_back(impl.system->spawn(
        partition_actor, std::make_shared<PartitionWriter>(partition, (*starts)[partition], impl.projections,
                                                           std::move(append), impl.counters[partition])));
  }
  impl.open.store(true);
  return {};
}

void Runtime::submit(v1::Command command, std::unique_ptr<OutcomeSink> sink) {
  Impl& impl = *impl_;
  const auto partition = events::partition_of(command.workspace_id(), impl.log.partitions());
  PartitionCounters& counters = impl.counters[partition];
  // Admission comes before the look at `open`: drain closes first and then waits for what was admitted.
  const std::uint64_t waiting = counters.in_flight.fetch_add(1);
  const bool is_open = impl.open.load();
  if (is_open && waiting < impl.options.queue_commands_max) {
    auto submission = std::make_shared<Submission>(Submission{std::move(command), std::move(sink)});
    before_sending(submission.get());
    caf::anon_send(impl.actors[partition], std::move(submission));
    return;
  }
  counters.overloaded.fetch_add(1, std::memory_order_relaxed);
  if (counters.in_flight.fetch_sub(1) == 1) counters.in_flight.notify_all();
  sink->complete(tl::unexpected(
      Rejection{RejectionCode::kOverloaded, is_open ? "Too many changes are waiting: retry a little later."
                                                    : "This node takes no changes: it is starting or shutting down."}));
}

void Runtime::drain() {
  Impl& impl = *impl_;
  impl.open.store(false);
  for (PartitionCounters& counters : impl.counters) {
    for (auto waiting = counters.in_flight.load(); waiting != 0; waiting = counters.in_flight.load()) {
      counters.in_flight.wait(waiting);
    }
  }
  const std::lock_guard lock(impl.lifecycle);
  if (impl.writer) {
    impl.last_writer_stats = impl.writer->stats();
    impl.writer.reset();
  }
  // An actor ends after the message at hand, and so after the last answer has left.
  for (const caf::actor& actor : impl.actors) caf::anon_send(actor, Stop{});
  impl.actors.clear();
  if (impl.system) impl.system->await_all_actors_done();
}

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
  const auto writer = impl_->writer ? impl_->writer->stats() : impl_->last_writer_stats;
  stats.appends = writer.appends;
  stats.records = writer.records;
  stats.sync_ns = writer.sync_ns;
  return stats;
}

}  // namespace keyfold::actors
