#include "ops/cli/cluster.h"

#include <map>
#include <ostream>

#include "ops/cli/operator_client.h"
#include "ops/cli/process_metrics.h"
#include "ops/cli/runtime_file.h"
#include "ops/cli/text_table.h"

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Role = actors::ReplicaStatus::Role;

constexpr std::int64_t kReachMs = 1'000;

const char* name_of(Role role) {
  switch (role) {
    case Role::kOwning:
      return "owning";
    case Role::kOpening:
      return "opening";
    default:
      return "following";
  }
}

std::uint64_t lag_of(const events::KafkaLogStats& stats, std::size_t partition) {
  return partition < stats.lag.size() ? stats.lag[partition] : 0;
}

Json node_json(const actors::NodeAddress& node, const Json& partitions) {
  return {{"id", node.id}, {"address", node.address}, {"partitions", partitions}};
}

}  // namespace

Json cluster_status(const actors::Runtime& runtime, const events::KafkaLog& log) {
  const actors::NodeAddress self = runtime.node();
  const auto replicas = runtime.replicas();
  const auto stats = log.stats();
  std::map<std::string, Json> nodes = {{self.id, node_json(self, Json::array())}};
  Json partitions = Json::array();
  for (std::size_t partition = 0; partition < replicas.size(); ++partition) {
    const actors::ReplicaStatus& replica = replicas[partition];
    Json one = {{"partition", partition},        {"owner", replica.owner.id},      {"epoch", replica.epoch},
                {"role", name_of(replica.role)}, {"next", replica.next},           {"lag", lag_of(stats, partition)},
                {"waiting", replica.waiting},    {"takeovers", replica.takeovers}, {"fenced", replica.fenced}};
    if (!replica.failure.empty()) one["failure"] = replica.failure;
    partitions.push_back(std::move(one));
    if (replica.owner.id.empty()) continue;
    const auto owner = nodes.try_emplace(replica.owner.id, node_json(replica.owner, Json::array())).first;
    owner->second["partitions"].push_back(partition);
  }
  Json list = Json::array();
  for (auto& [id, node] : nodes) list.push_back(std::move(node));
  return {{"node", {{"id", self.id}, {"address", self.address}}}, {"nodes", list}, {"partitions", partitions}};
}

std::vector<MetricFamily> cluster_metrics(const actors::Runtime& runtime, const events::KafkaLog& log) {
  std::vector<MetricFamily> out;
  const auto replicas = runtime.replicas();
  const auto stats = log.stats();
  MetricFamily owned{"keyfold_cluster_partition_owned", "1 where this node decides.", MetricType::Gauge, {}};
  MetricFamily lag{
      "keyfold_cluster_partition_lag", "Records on Kafka that this node has not read.", MetricType::Gauge, {}};
  MetricFamily waiting{"keyfold_cluster_commands_waiting",
                       "Commands without an owner, under way to it or not applied.",
                       MetricType::Gauge,
                       {}};
  MetricFamily failed{
      "keyfold_cluster_partition_failed", "1 where this node can't follow the log any more.", MetricType::Gauge, {}};
  std::uint64_t takeovers = 0;
  std::uint64_t fenced = 0;
  std::uint64_t forwards = 0;
  for (std::size_t partition = 0; partition < replicas.size(); ++partition) {
    const actors::ReplicaStatus& replica = replicas[partition];
    const std::string label = std::to_string(partition);
    add_labelled(owned, "partition", label, replica.role == Role::kOwning ? 1 : 0);
    add_labelled(lag, "partition", label, static_cast<double>(lag_of(stats, partition)));
    add_labelled(waiting, "partition", label, static_cast<double>(replica.waiting));
    add_labelled(failed, "partition", label, replica.failure.empty() ? 0 : 1);
    takeovers += replica.takeovers;
    fenced += replica.fenced;
    forwards += replica.forwards;
  }
  for (MetricFamily* family : {&owned, &lag, &waiting, &failed}) out.push_back(std::move(*family));
  add_counters(
      {{"keyfold_cluster_takeovers_total", "Partitions that this node took over.", takeovers},
       {"keyfold_cluster_fenced_total", "Epochs that ended by another writer or a failed append.", fenced},
       {"keyfold_cluster_forwards_total", "Commands sent to other nodes.", forwards},
       {"keyfold_kafka_records_read_total", "Records read from the events topic.", stats.records_read},
       {"keyfold_kafka_records_void_total", "Of these, what counts never.", stats.records_void},
       {"keyfold_kafka_records_appended_total", "Records that this node appended.", stats.records_appended},
       {"keyfold_kafka_appends_fenced_total", "Appends that another writer made void.", stats.appends_fenced},
       {"keyfold_kafka_appends_unknown_total", "Appends whose outcome was not known in time.", stats.appends_unknown},
       {"keyfold_kafka_appends_unsent_total", "Appends that were not sent.", stats.appends_unsent}},
      out);
  return out;
}

Status ClusterReadiness::check() {
  const auto replicas = runtime_.replicas();
  for (std::size_t partition = 0; partition < replicas.size(); ++partition) {
    if (replicas[partition].failure.empty()) continue;
    return fail(ErrorCode::kInternal, replicas[partition].failure, "partition " + std::to_string(partition),
                "restart this node");
  }
  const Status reached = log_.reach(kReachMs);
  const auto now = std::chrono::steady_clock::now();
  if (reached) reached_at_ = now;
  return now - reached_at_.load() < lag_max_ ? Status() : reached;
}

Status print_cluster_status(const v1::Config& config, Output output, std::ostream& out) {
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  if (!*server) {
    return fail(ErrorCode::kFailedPrecondition, "no server runs on this data directory", paths_of(config).data,
                "start it, or name the data directory of one that runs with --data");
  }
  const auto status = OperatorClient((*server)->operator_address).cluster_status();
  if (!status) return tl::unexpected(status.error());
  if (output == Output::kJson) {
    out << status->dump() << std::endl;
    return {};
  }
  out << "node: " << status->at("node").value("id", "") << " at " << status->at("node").value("address", "") << "\n\n"
      << text_table(status->at("nodes"), {{"NODE", "id"}, {"ADDRESS", "address"}, {"OWNS", "partitions"}}) << '\n'
      << text_table(status->at("partitions"), {{"PARTITION", "partition"},
                                               {"OWNER", "owner"},
                                               {"EPOCH", "epoch"},
                                               {"HERE", "role"},
                                               {"APPLIED", "next"},
                                               {"LAG", "lag"},
                                               {"WAITING", "waiting"}})
      << std::flush;
  return {};
}

}  // namespace keyfold::ops
