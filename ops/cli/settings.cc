#include "ops/cli/settings.h"

#include <algorithm>

#include "ops/cli/logging.h"

namespace keyfold::ops {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
/// Where several nodes count together: what each of them admits before it hears of the others grows with it.
constexpr std::int64_t kSharedBatchIntervalMsMax = 50;
constexpr std::string_view kCheckpointPurpose = "keyfold log checkpoint";

std::filesystem::path or_below(const std::string& path, const std::filesystem::path& data, const char* name) {
  return path.empty() ? data / name : std::filesystem::path(path);
}

bool has_log(const Paths& paths) {
  std::error_code ignored;
  return std::filesystem::exists(paths.log / "db", ignored);
}

Result<actors::MasterKey> configured_master_key(const v1::VaultConfig& vault) {
  if (!vault.master_key_file().empty()) {
    return fail(ErrorCode::kInvalidArgument, "vault.master_key and vault.master_key_file are both set", {},
                "keep one of them");
  }
  auto key = actors::MasterKey::from_base64(vault.master_key());
  if (!key) key.error().where = "vault.master_key";
  return key;
}

/// The one of a log that exists.
Result<actors::MasterKey> current_master_key(const v1::Config& config) {
  if (!config.vault().master_key().empty()) return configured_master_key(config.vault());
  auto key = actors::MasterKey::from_existing_file(paths_of(config).master_key);
  if (key || key.error().code != ErrorCode::kNotFound) return key;
  return fail(ErrorCode::kFailedPrecondition, "the log exists, but its master key file is missing", key.error().where,
              "restore it from a backup, or set vault.master_key or vault.master_key_file as when the log was made");
}

Result<actors::MasterKeys> with_previous(Result<actors::MasterKey> current, const v1::Config& config) {
  if (!current) return tl::unexpected(current.error());
  actors::MasterKeys masters{*std::move(current), {}};
  if (const std::string& text = config.vault().previous_master_key(); !text.empty()) {
    auto previous = actors::MasterKey::from_base64(text);
    if (!previous) previous.error().where = "vault.previous_master_key";
    if (!previous) return tl::unexpected(previous.error());
    masters.previous.push_back(*std::move(previous));
  }
  if (const std::string& file = config.vault().previous_master_key_file(); !file.empty()) {
    auto previous = actors::MasterKey::from_existing_file(file);
    if (!previous && previous.error().code == ErrorCode::kNotFound) {
      previous.error().hint =
          "restore it, or take vault.previous_master_key_file out when `keyfold vault status` says "
          "that nothing needs it";
    }
    if (!previous) return tl::unexpected(previous.error());
    masters.previous.push_back(*std::move(previous));
  }
  return masters;
}

std::size_t size(std::int64_t number) { return static_cast<std::size_t>(number); }

}  // namespace

Paths paths_of(const v1::Config& config) {
  const std::filesystem::path data = config.data_directory();
  return {data,
          or_below(config.log().directory(), data, "log"),
          or_below(config.projections().directory(), data, "projections"),
          or_below(config.vault().master_key_file(), data, "master.key"),
          data / "runtime.json",
          or_below(config.usage().directory(), data, "usage"),
          data / "usage_projections",
          or_below(config.audit().directory(), data, "audit"),
          or_below(config.snapshots().directory(), data, "snapshots")};
}

http::ServerOptions server_options(const v1::Config& config) {
  const v1::ServerConfig& server = config.server();
  return {.address = server.address(),
          .port = static_cast<std::uint16_t>(server.port()),
          .threads = static_cast<int>(server.threads()),
          .limits = {.body_bytes_max = size(server.body_bytes_max()),
                     .header_bytes_max = size(server.header_bytes_max()),
                     .header_count_max = size(server.header_count_max()),
                     .connections_max = size(server.connections_max()),
                     .connections_per_address_max = size(server.connections_per_address_max()),
                     .pipelined_max = size(server.pipelined_max()),
                     .header_timeout_ms = server.header_timeout_ms(),
                     .body_timeout_ms = server.body_timeout_ms(),
                     .idle_timeout_ms = server.idle_timeout_ms(),
                     .write_timeout_ms = server.write_timeout_ms(),
                     .request_deadline_ms = server.request_deadline_ms()}};
}

actors::RuntimeOptions runtime_options(const v1::Config& config) {
  return {.scheduler_threads = static_cast<int>(config.runtime().scheduler_threads()),
          .queue_commands_max = size(config.runtime().queue_commands_max())};
}

projections::UsageRecorderOptions usage_recorder_options(const v1::Config& config) {
  const std::int64_t interval_ms = config.usage().batch_interval_ms();
  const bool is_shared = !config.log().url().empty();
  return {.batch_interval_ms = is_shared ? std::min(interval_ms, kSharedBatchIntervalMsMax) : interval_ms,
          .buffer_records_max = size(config.usage().buffer_records_max())};
}

projections::UsageStoreOptions usage_store_options(const v1::Config& config) {
  projections::UsageStoreOptions options{.directory = paths_of(config).usage_projections};
  options.minutes_kept_ms = usage_retention_ms(config);
  options.days_kept_ms = std::max(options.days_kept_ms, options.minutes_kept_ms);
  return options;
}

actors::AuditLogsOptions audit_logs_options(const v1::Config& config, const std::string& node_id) {
  return {.origin = config.audit().origin(), .node_id = node_id};
}

std::int64_t usage_retention_ms(const v1::Config& config) { return config.usage().retention_days() * kDayMs; }

subscriptions::HubOptions hub_options(const v1::Config& config) {
  const v1::SubscriptionsConfig& subscriptions = config.subscriptions();
  return {.subscribers_max = size(subscriptions.subscribers_max()),
          .subscribers_per_workspace_max = size(subscriptions.subscribers_per_workspace_max()),
          .feed = {.buffer_bytes_max = size(subscriptions.buffer_bytes_max()),
                   .heartbeat_ms = subscriptions.heartbeat_ms()}};
}

api::AccessLog::Mode access_log_mode(const v1::Config& config) {
  if (config.access_log().mode() == "all") return api::AccessLog::Mode::kAll;
  if (config.access_log().mode() == "errors") return api::AccessLog::Mode::kErrors;
  return api::AccessLog::Mode::kOff;
}

events::EmbeddedLogOptions log_options(const v1::Config& config, const actors::MasterKeys& masters) {
  using Options = events::EmbeddedLogOptions;
  Options options;
  options.directory = paths_of(config).log;
  options.partitions = static_cast<std::uint32_t>(config.log().partitions());
  options.verify = config.log().verify() == "all" ? Options::Verify::kAll : Options::Verify::kTail;
  options.verify_tail_records = size(config.log().verify_tail_records());
  options.checkpoint_key = masters.current.derive(kCheckpointPurpose);
  for (const actors::MasterKey& previous : masters.previous) {
    options.previous_checkpoint_keys.push_back(previous.derive(kCheckpointPurpose));
  }
  options.missing_checkpoint = config.log().missing_checkpoint() == "accept" ? Options::MissingCheckpoint::kAccept
                                                                             : Options::MissingCheckpoint::kRefuse;
  options.wal_bytes_max = size(config.log().wal_bytes_max());
  return options;
}

events::EmbeddedLogOptions read_only_log_options(const v1::Config& config, const actors::MasterKeys& masters) {
  auto options = log_options(config, masters);
  options.partitions = 0;
  options.mode = events::EmbeddedLogOptions::Mode::kReadOnly;
  options.missing_checkpoint = events::EmbeddedLogOptions::MissingCheckpoint::kRefuse;
  return options;
}

Result<events::KafkaOptions> kafka_options(const v1::Config& config) {
  auto brokers = events::brokers_of_url(config.log().url());
  if (!brokers) {
    brokers.error().where = "log.url";
    return tl::unexpected(brokers.error());
  }
  const v1::KafkaConfig& kafka = config.kafka();
  return events::KafkaOptions{.brokers = *std::move(brokers),
                              .topic_prefix = kafka.topic_prefix(),
                              .replication_factor = static_cast<std::uint32_t>(kafka.replication_factor()),
                              .append_timeout_ms = kafka.append_timeout_ms(),
                              .connect_timeout_ms = kafka.connect_timeout_ms(),
                              .session_timeout_ms = kafka.session_timeout_ms(),
                              .properties = {kafka.properties().begin(), kafka.properties().end()},
                              .log = kafka_log_sink()};
}

actors::ClusterOptions cluster_options(const v1::Config& config, const std::string& node_id) {
  const v1::ClusterConfig& cluster = config.cluster();
  return {.node_id = node_id,
          .listen_address = cluster.address(),
          .port = static_cast<std::uint16_t>(cluster.port()),
          .advertised_host = cluster.advertised_host(),
          .tls_certificate_file = cluster.tls_certificate_file(),
          .tls_key_file = cluster.tls_key_file(),
          .tls_ca_file = cluster.tls_ca_file(),
          .owner_timeout_ms = cluster.owner_timeout_ms(),
          .forward_timeout_ms = cluster.forward_timeout_ms(),
          .outcome_timeout_ms = cluster.outcome_timeout_ms()};
}

Result<actors::MasterKeys> make_or_read_master_keys(const v1::Config& config) {
  const Paths paths = paths_of(config);
  const v1::VaultConfig& vault = config.vault();
  if (!config.log().url().empty() && vault.master_key().empty() && vault.master_key_file().empty()) {
    return fail(ErrorCode::kInvalidArgument, "all nodes on a Kafka log need the same master key, and none is set",
                "vault.master_key",
                "make one with `openssl rand -base64 32`, and give it to every node as vault.master_key or "
                "vault.master_key_file");
  }
  if (!config.vault().master_key().empty() || has_log(paths)) return with_previous(current_master_key(config), config);
  return with_previous(actors::MasterKey::from_file(paths.master_key), config);
}

Result<actors::MasterKeys> read_master_keys(const v1::Config& config) {
  const Paths paths = paths_of(config);
  if (!has_log(paths)) {
    return fail(ErrorCode::kNotFound, "there is no log here", paths.log, "check --data and the configuration");
  }
  return with_previous(current_master_key(config), config);
}

std::string to_url(const std::string& address, std::uint16_t port) {
  const bool is_v6 = address.find(':') != std::string::npos;
  return "http://" + (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace keyfold::ops
