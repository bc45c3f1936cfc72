#pragma once

#include <filesystem>

#include "actors/audit/audit_logs.h"
#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "events/embedded_log.h"
#include "events/kafka/kafka_options.h"
#include "gateway/api/access_log.h"
#include "gateway/http/server.h"
#include "gateway/subscriptions/hub.h"
#include "keyfold/v1/config.pb.h"
#include "projections/usage_recorder.h"
#include "projections/usage_store.h"

// What a configuration says, in the words of the parts that it configures.
namespace keyfold::ops {

/// Where a node keeps what; options that are not set lie below the data directory.
struct Paths {
  std::filesystem::path data;
  std::filesystem::path log;
  std::filesystem::path projections;
  std::filesystem::path master_key;
  std::filesystem::path runtime_file;  // runtime.json of a running server
  std::filesystem::path usage;
  std::filesystem::path usage_projections;
  std::filesystem::path audit;
  std::filesystem::path snapshots;
};
[[nodiscard]] Paths paths_of(const v1::Config& config);

[[nodiscard]] http::ServerOptions server_options(const v1::Config& config);
[[nodiscard]] actors::RuntimeOptions runtime_options(const v1::Config& config);
[[nodiscard]] projections::UsageRecorderOptions usage_recorder_options(const v1::Config& config);
[[nodiscard]] projections::UsageStoreOptions usage_store_options(const v1::Config& config);
/// `node_id` is empty for one that stands alone.
[[nodiscard]] actors::AuditLogsOptions audit_logs_options(const v1::Config& config, const std::string& node_id);
/// How long the usage stream is kept.
[[nodiscard]] std::int64_t usage_retention_ms(const v1::Config& config);
[[nodiscard]] subscriptions::HubOptions hub_options(const v1::Config& config);
[[nodiscard]] api::AccessLog::Mode access_log_mode(const v1::Config& config);

/// For the process that owns the log. The checkpoint is authenticated by a key derived from the master key; one that
/// was written under a previous master key is accepted too.
[[nodiscard]] events::EmbeddedLogOptions log_options(const v1::Config& config, const actors::MasterKeys& masters);
/// For a reader beside it: as many partitions as there are, never accepts what the owner would refuse.
[[nodiscard]] events::EmbeddedLogOptions read_only_log_options(const v1::Config& config,
                                                               const actors::MasterKeys& masters);

/// Of a log whose URL names brokers; kInvalidArgument when log.url is something else. The client's words go to the
/// program's log.
[[nodiscard]] Result<events::KafkaOptions> kafka_options(const v1::Config& config);

/// For the node of that name.
[[nodiscard]] actors::ClusterOptions cluster_options(const v1::Config& config, const std::string& node_id);

/// The key of the option vault.master_key, or else of the file, which is made when nothing exists yet. A file that is
/// missing beside an existing log is kFailedPrecondition: a new key could open nothing of it. With a log on Kafka one
/// of the two must be set, because all nodes need the same. With it come those of vault.previous_master_key and
/// vault.previous_master_key_file.
[[nodiscard]] Result<actors::MasterKeys> make_or_read_master_keys(const v1::Config& config);
/// The same but makes nothing; kNotFound when there is no log.
[[nodiscard]] Result<actors::MasterKeys> read_master_keys(const v1::Config& config);

/// `http://address:port`, an IPv6 address in brackets.
[[nodiscard]] std::string to_url(const std::string& address, std::uint16_t port);

}  // namespace keyfold::ops
