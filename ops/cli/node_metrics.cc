#include "ops/cli/node_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <iterator>

#include "ops/cli/cluster.h"
#include "ops/cli/process_metrics.h"

namespace keyfold::ops {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

constexpr double kNanosecondsPerSecond = 1e9;

void add_listener(const http::Stats& stats, Families& out) {
  out.push_back(one_metric("keyfold_http_connections_open", "Open connections.", MetricType::Gauge,
                           static_cast<double>(stats.connections_open)));
  add_counters(
      {{"keyfold_http_connections_accepted_total", "Accepted connections.", stats.connections_accepted},
       {"keyfold_http_connections_refused_total", "Connections above a limit.", stats.connections_refused},
       {"keyfold_http_requests_received_total", "Requests that reached a handler.", stats.requests},
       {"keyfold_http_requests_rejected_total", "Requests refused for framing or limits.", stats.requests_rejected},
       {"keyfold_http_timeouts_total", "Header, body, idle and write time-outs.", stats.timeouts},
       {"keyfold_http_read_bytes_total", "Bytes received.", stats.bytes_read},
       {"keyfold_http_written_bytes_total", "Bytes sent.", stats.bytes_written}},
      out);
}

void add_write_path(const actors::Runtime::Stats& stats, Families& out) {
  MetricFamily commands{"keyfold_commands_total", "Commands by outcome.", MetricType::Counter, {}};
  add_labelled(commands, "outcome", "accepted", static_cast<double>(stats.accepted));
  add_labelled(commands, "outcome", "rejected", static_cast<double>(stats.rejected));
  add_labelled(commands, "outcome", "replayed", static_cast<double>(stats.replayed));
  add_labelled(commands, "outcome", "overloaded", static_cast<double>(stats.overloaded));
  out.push_back(std::move(commands));
  out.push_back(one_metric("keyfold_commands_in_flight", "Commands that wait for an answer.", MetricType::Gauge,
                           static_cast<double>(stats.in_flight)));
  out.push_back(one_metric("keyfold_log_appends_total", "Appends to the log, of all partitions or on Kafka of one.",
                           MetricType::Counter, static_cast<double>(stats.appends)));
  out.push_back(one_metric("keyfold_log_records_total", "Appended records.", MetricType::Counter,
                           static_cast<double>(stats.records)));
  out.push_back(one_metric("keyfold_log_append_seconds_total", "Time in appends.", MetricType::Counter,
                           static_cast<double>(stats.sync_ns) / kNanosecondsPerSecond));
}

void add_partitions(const NodeMetricsSources& sources, Families& out) {
  MetricFamily log_next{"keyfold_log_next_sequence", "Events of the partition.", MetricType::Gauge, {}};
  MetricFamily log_epoch{"keyfold_log_epoch", "Epoch of the partition's writer.", MetricType::Gauge, {}};
  MetricFamily next{"keyfold_projections_next_sequence", "Events in the read models.", MetricType::Gauge, {}};
  MetricFamily keys{"keyfold_key_index_keys", "Keys in the verification index.", MetricType::Gauge, {}};
  MetricFamily bytes{"keyfold_key_index_bytes", "Memory of the verification index.", MetricType::Gauge, {}};
  for (events::PartitionId partition = 0; partition < sources.log.partitions(); ++partition) {
    const std::string label = std::to_string(partition);
    const events::ChainState tail = sources.log.tail(partition);
    const auto index = sources.projections.keys(partition).stats();
    add_labelled(log_next, "partition", label, static_cast<double>(tail.next));
    add_labelled(log_epoch, "partition", label, static_cast<double>(tail.epoch));
    add_labelled(next, "partition", label, static_cast<double>(sources.projections.next(partition)));
    add_labelled(keys, "partition", label, static_cast<double>(index.keys));
    add_labelled(bytes, "partition", label, static_cast<double>(index.bytes));
  }
  for (MetricFamily* family : {&log_next, &log_epoch, &next, &keys, &bytes}) out.push_back(std::move(*family));
}

void add_ratelimits(const projections::SlidingWindows::Stats& stats, Families& out) {
  out.push_back(one_metric("keyfold_ratelimit_counters", "Counters of rate limits in memory.", MetricType::Gauge,
                           static_cast<double>(stats.counters)));
  out.push_back(one_metric("keyfold_ratelimit_counters_refused_total",
                           "Checks refused because ratelimits.counters_max was reached.", MetricType::Counter,
                           static_cast<double>(stats.refused)));
}

void add_usage(const NodeMetricsSources& sources, Families& out) {
  const auto stats = sources.usage.stats();
  add_counters(
      {{"keyfold_usage_recorded_total", "Usage records that were taken.", stats.recorded},
       {"keyfold_usage_dropped_total", "Usage records that were lost: no room, or not written.", stats.dropped},
       {"keyfold_usage_batches_total", "Batches on the usage stream.", stats.batches},
       {"keyfold_usage_bytes_total", "Bytes on the usage stream.", stats.bytes},
       {"keyfold_usage_flush_errors_total", "Batches that could not be written or folded.", stats.errors}},
      out);
  out.push_back(one_metric("keyfold_usage_last_flush_age_seconds", "Since all usage was last written and folded.",
                           MetricType::Gauge,
                           static_cast<double>(sources.clock.now_ms() - stats.last_flush_at_ms) / 1e3));
  out.push_back(one_metric("keyfold_usage_next_sequence", "The sequence of the next batch.", MetricType::Gauge,
                           static_cast<double>(sources.usage_log.next())));
}

void add_audit(const NodeMetricsSources& sources, Families& out) {
  const auto stats = sources.audit_follower.stats();
  add_counters({{"keyfold_audit_events_total", "Events that were added to the audit store.", stats.events},
                {"keyfold_audit_errors_total", "Times that the audit store could not follow the log.", stats.errors}},
               out);
  MetricFamily lag{
      "keyfold_audit_lag_events", "Events of the partition that the audit store lacks.", MetricType::Gauge, {}};
  for (events::PartitionId partition = 0; partition < sources.audit.partitions(); ++partition) {
    const events::Sequence next = sources.audit.next(partition);
    add_labelled(lag, "partition", std::to_string(partition),
                 static_cast<double>(sources.log.tail(partition).next - next));
  }
  out.push_back(std::move(lag));
}

class NodeMetrics final : public prometheus::Collectable {
 public:
  explicit NodeMetrics(NodeMetricsSources sources) : sources_(sources) {}

  [[nodiscard]] Families Collect() const override {
    Families out = process_metrics();
    add_listener(sources_.server.stats(), out);
    add_write_path(sources_.runtime.stats(), out);
    add_partitions(sources_, out);
    add_ratelimits(sources_.windows.stats(), out);
    add_usage(sources_, out);
    add_audit(sources_, out);
    if (sources_.kafka != nullptr) {
      auto cluster = cluster_metrics(sources_.runtime, *sources_.kafka);
      std::move(cluster.begin(), cluster.end(), std::back_inserter(out));
    }
    out.push_back(one_metric("keyfold_access_log_dropped_total", "Access log lines that were dropped.",
                             MetricType::Counter, static_cast<double>(sources_.access_log.dropped())));
    return out;
  }

 private:
  const NodeMetricsSources sources_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> make_node_metrics(NodeMetricsSources sources) {
  return std::make_shared<NodeMetrics>(sources);
}

}  // namespace keyfold::ops
