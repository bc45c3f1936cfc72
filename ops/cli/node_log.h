#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "actors/vault/vault.h"
#include "events/kafka/kafka_log.h"
#include "events/log.h"
#include "events/shared_log.h"
#include "keyfold/v1/config.pb.h"

// The log that a configuration names: in the data directory, or on Kafka.
namespace keyfold::ops {

/// Whether the log is on Kafka, and this process one of several nodes.
[[nodiscard]] bool is_clustered(const v1::Config& config);

/// What a node keeps its events and the vault's data keys on. Members are destroyed from the last to the first.
struct NodeLog {
  std::unique_ptr<events::Log> log;
  std::unique_ptr<events::ErasableStore> vault_topic;  // on Kafka; else the log itself keeps data keys
  std::unique_ptr<events::Membership> membership;      // on Kafka
  events::ErasableStore* erasable = nullptr;
  events::KafkaLog* kafka = nullptr;  // the log, on Kafka
};
[[nodiscard]] Result<NodeLog> open_node_log(const v1::Config& config, const actors::MasterKeys& masters);

/// The name of this node: as configured, or made once and kept in the data directory.
[[nodiscard]] Result<std::string> node_id_of(const v1::Config& config);

/// A log for commands that only read it, whether a server runs on the data directory or not: what was durable at this
/// moment. One on Kafka is read through a copy that goes away again.
struct ReadLog {
  std::shared_ptr<const void> scratch;  // outlives the log
  std::unique_ptr<events::Log> log;
  std::function<Status()> verify_all;
};
[[nodiscard]] Result<ReadLog> open_read_log(const v1::Config& config);

}  // namespace keyfold::ops
