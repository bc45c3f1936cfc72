#pragma once

#include <memory>

#include "actors/audit/audit_logs.h"
#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "actors/workflows/directory.h"
#include "actors/workflows/refill.h"
#include "actors/workflows/reseal.h"
#include "actors/workflows/webhooks.h"
#include "events/kafka/kafka_usage_log.h"
#include "events/usage_log.h"
#include "keyfold/v1/config.pb.h"
#include "ops/cli/node_log.h"
#include "projections/as_of.h"
#include "projections/audit_follower.h"
#include "projections/audit_store.h"
#include "projections/projections.h"
#include "projections/sliding_windows.h"
#include "projections/snapshots.h"
#include "projections/usage_recorder.h"
#include "projections/usage_store.h"
#include "schemas/base/clock.h"

namespace keyfold::ops {

/// Everything of a server below HTTP: log, read models, write path, vault and usage of one data directory, which this
/// process owns until the node is destroyed; alone, or as one of several nodes on a Kafka log. `open`, use, `close`.
class Node {
 public:
  /// Opens or creates the directory, brings the read models to the end of the log (told to the log of the program) and
  /// starts the write path. Refuses to go without a master key that the vault still needs.
  [[nodiscard]] static Result<std::unique_ptr<Node>> open(const v1::Config& config);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] const events::Log& log() const { return *log_.log; }
  /// The same when it is on Kafka; else null.
  [[nodiscard]] const events::KafkaLog* kafka_log() const { return log_.kafka; }
  [[nodiscard]] const projections::Projections& projections() const { return *projections_; }
  [[nodiscard]] projections::Snapshots& snapshots() { return *snapshots_; }
  [[nodiscard]] projections::AsOf& as_of() { return *as_of_; }
  [[nodiscard]] actors::Runtime& runtime() { return *runtime_; }
  [[nodiscard]] actors::Vault& vault() { return *vault_; }
  [[nodiscard]] projections::SlidingWindows& windows() { return *windows_; }
  [[nodiscard]] actors::RefillWorkflow& refills() { return *refills_; }
  [[nodiscard]] actors::ResealWorkflow& reseals() { return *reseals_; }
  [[nodiscard]] actors::WebhookWorkflow& webhooks() { return *webhooks_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const events::UsageLog& usage_log() const { return *usage_log_; }
  [[nodiscard]] const projections::UsageStore& usage_store() const { return *usage_store_; }
  [[nodiscard]] projections::UsageRecorder& usage() { return *usage_; }
  [[nodiscard]] const projections::AuditStore& audit() const { return *audit_store_; }
  [[nodiscard]] const projections::AuditFollower& audit_follower() const { return *audit_follower_; }
  [[nodiscard]] actors::AuditLogs& audit_logs() { return *audit_logs_; }
  [[nodiscard]] actors::DirectoryWorkflow& directory() { return *directory_; }

  /// Drops usage of before `time_ms` and rate-limit windows that count no more at `now_ms`.
  [[nodiscard]] Status drop_usage(std::int64_t time_ms, std::int64_t now_ms);

  /// Answers the commands in flight, takes no more, writes the usage that waits, and makes the read models survive
  /// without a replay.
  [[nodiscard]] Status close();

 private:
  Node() = default;
  [[nodiscard]] Status open_projections(const v1::Config& config);
  [[nodiscard]] Status open_runtime(const v1::Config& config);
  [[nodiscard]] Status open_webhooks(const v1::Config& config);
  [[nodiscard]] Status open_usage(const v1::Config& config);
  [[nodiscard]] Status open_usage_log(const v1::Config& config);
  [[nodiscard]] Status restore_windows(const v1::Config& config);
  [[nodiscard]] Status open_audit(const v1::Config& config);

  SystemClock clock_;
  std::string node_id_;  // with a cluster
  std::unique_ptr<events::UsageLog> usage_log_;
  events::KafkaUsageLog* shared_usage_log_ = nullptr;  // the same, when it is on Kafka
  std::unique_ptr<projections::UsageStore> usage_store_;
  std::unique_ptr<projections::UsageRecorder> usage_;
  std::unique_ptr<projections::SlidingWindows> windows_;
  NodeLog log_;
  std::unique_ptr<projections::AuditStore> audit_store_;
  std::unique_ptr<projections::AuditFollower> audit_follower_;
  std::unique_ptr<actors::Vault> vault_;
  std::unique_ptr<projections::Projections> projections_;
  std::unique_ptr<projections::Snapshots> snapshots_;
  std::unique_ptr<projections::AsOf> as_of_;
  std::unique_ptr<actors::Runtime> runtime_;
  std::unique_ptr<actors::RefillWorkflow> refills_;
  std::unique_ptr<actors::ResealWorkflow> reseals_;
  std::unique_ptr<actors::AuditLogs> audit_logs_;
  std::unique_ptr<actors::DirectoryWorkflow> directory_;
  std::unique_ptr<actors::WebhookTransport> webhook_transport_;
  std::unique_ptr<actors::WebhookWorkflow> webhooks_;
};

/// The usage stream of a data directory on which no server runs.
[[nodiscard]] Result<std::unique_ptr<events::UsageLog>> open_usage_log_read_only(const v1::Config& config);

}  // namespace keyfold::ops
