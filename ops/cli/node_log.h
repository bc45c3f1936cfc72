#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
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

/// The log on Kafka of a configuration, through a copy that goes away with it.
enum class Topics { kAsTheyAre, kMakeMissing };
[[nodiscard]] Result<ReadLog> open_scratch_log(const v1::Config& config, Topics topics);

/// Copies the log and the vault's data keys from one place to another: a data directory on which no server runs, or a
/// kafka:// URL. Prints what was copied and how to go on. The nodes of a source on Kafka must have been stopped.
[[nodiscard]] Status copy_log_between(const v1::Config& config, const std::string& from, const std::string& to,
                                      std::ostream& out);

}  // namespace keyfold::ops
