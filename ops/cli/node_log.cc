#include "ops/cli/node_log.h"

#include <spdlog/spdlog.h>

#include <fstream>

#include "events/embedded_log.h"
#include "events/kafka/kafka_membership.h"
#include "events/kafka/kafka_vault_store.h"
#include "events/log_directory.h"
#include "ops/cli/progress.h"
#include "ops/cli/scratch_directory.h"
#include "ops/cli/settings.h"
#include "schemas/base/random.h"

namespace keyfold::ops {
namespace {

constexpr std::size_t kNodeIdLength = 8;  // behind the prefix

Result<events::KafkaLogOptions> kafka_log_options(const v1::Config& config) {
  auto kafka = kafka_options(config);
  if (!kafka) return tl::unexpected(kafka.error());
  events::KafkaLogOptions options;
  options.kafka = *std::move(kafka);
  options.directory = paths_of(config).log;
  options.partitions = static_cast<std::uint32_t>(config.log().partitions());
  options.wal_bytes_max = static_cast<std::size_t>(config.log().wal_bytes_max());
  options.progress = [tell = log_progress()](std::uint64_t read, std::uint64_t total) {
    if (total > 0) tell({"reading the topic", read, total});
  };
  return options;
}

Result<NodeLog> open_on_kafka(const v1::Config& config) {
  auto options = kafka_log_options(config);
  if (!options) return tl::unexpected(options.error());
  const events::KafkaOptions kafka = options->kafka;
  auto log = events::KafkaLog::open(*std::move(options));
  if (!log) return tl::unexpected(log.error());
  auto vault = events::KafkaVaultStore::open(kafka);
  if (!vault) return tl::unexpected(vault.error());
  auto membership = events::KafkaMembership::make(kafka);
  if (!membership) return tl::unexpected(membership.error());
  NodeLog opened;
  opened.kafka = log->get();
  opened.log = *std::move(log);
  opened.erasable = vault->get();
  opened.vault_topic = *std::move(vault);
  opened.membership = *std::move(membership);
  return opened;
}

}  // namespace

Result<ReadLog> open_scratch_log(const v1::Config& config, Topics topics) {
  auto options = kafka_log_options(config);
  if (!options) return tl::unexpected(options.error());
  auto scratch = make_scratch_directory();
  if (!scratch) return tl::unexpected(scratch.error());
  options->directory = **scratch / "log";
  ReadLog opened;
  opened.scratch = *std::move(scratch);
  if (topics == Topics::kAsTheyAre) options->partitions = 0;
  auto log = events::KafkaLog::open(*std::move(options));
  if (!log) return tl::unexpected(log.error());
  opened.verify_all = [kafka = log->get()] { return kafka->verify_all(); };
  opened.log = *std::move(log);
  return opened;
}

bool is_clustered(const v1::Config& config) { return !config.log().url().empty(); }

Result<NodeLog> open_node_log(const v1::Config& config, const actors::MasterKeys& masters) {
  if (is_clustered(config)) return open_on_kafka(config);
  auto log = events::EmbeddedLog::open(log_options(config, masters));
  if (!log) return tl::unexpected(log.error());
  NodeLog opened;
  opened.erasable = log->get();
  opened.log = *std::move(log);
  return opened;
}

Result<std::string> node_id_of(const v1::Config& config) {
  if (!config.cluster().node_id().empty()) return config.cluster().node_id();
  const std::filesystem::path file = paths_of(config).data / "node.id";
  std::string id;
  if (std::ifstream(file) >> id && !id.empty()) return id;
  id = make_id("node", kNodeIdLength);
  if (Status kept = events::replace_file(file, id + "\n"); !kept) return tl::unexpected(kept.error());
  return id;
}

Result<ReadLog> open_read_log(const v1::Config& config) {
  if (is_clustered(config)) return open_scratch_log(config, Topics::kAsTheyAre);
  const auto masters = read_master_keys(config);
  if (!masters) return tl::unexpected(masters.error());
  auto log = events::EmbeddedLog::open(read_only_log_options(config, *masters));
  if (!log) return tl::unexpected(log.error());
  ReadLog opened;
  opened.verify_all = [embedded = log->get()] { return embedded->verify_all(); };
  opened.log = *std::move(log);
  return opened;
}

}  // namespace keyfold::ops
