// `keyfold log copy`.
#include <ostream>

#include "events/embedded_log.h"
#include "events/kafka/kafka_vault_store.h"
#include "events/log_directory.h"
#include "ops/cli/node_log.h"
#include "ops/cli/progress.h"
#include "ops/cli/settings.h"
#include "ops/replay/log_copy.h"
#include "schemas/base/encoding.h"

namespace keyfold::ops {
namespace {

bool is_kafka(const std::string& place) { return place.starts_with("kafka://"); }

v1::Config at(v1::Config config, const std::string& place) {
  if (is_kafka(place)) {
    config.mutable_log()->set_url(place);
  } else {
    config.mutable_log()->clear_url();
    config.mutable_log()->clear_directory();
    config.set_data_directory(place);
  }
  return config;
}

/// One end of a copy. Members are destroyed from the last to the first.
struct End {
  ReadLog read;
  std::unique_ptr<events::ErasableStore> vault_topic;
  events::Log* log = nullptr;
  events::ErasableStore* erasable = nullptr;
};

Result<End> open_kafka(const v1::Config& config, Topics topics) {
  End end;
  auto log = open_scratch_log(config, topics);
  if (!log) return tl::unexpected(log.error());
  const auto kafka = kafka_options(config);
  if (!kafka) return tl::unexpected(kafka.error());
  auto vault = events::KafkaVaultStore::open(*kafka);
  if (!vault) return tl::unexpected(vault.error());
  end.read = *std::move(log);
  end.log = end.read.log.get();
  end.vault_topic = *std::move(vault);
  end.erasable = end.vault_topic.get();
  return end;
}

Result<End> open_directory(events::EmbeddedLogOptions options) {
  auto log = events::EmbeddedLog::open(std::move(options));
  if (!log) return tl::unexpected(log.error());
  End end;
  end.log = log->get();
  end.erasable = log->get();
  end.read.log = *std::move(log);
  return end;
}

Result<End> open_source(const v1::Config& config, const actors::MasterKeys& masters) {
  if (is_clustered(config)) return open_kafka(config, Topics::kAsTheyAre);
  if (events::is_owned(paths_of(config).log)) {
    return fail(ErrorCode::kFailedPrecondition, "a server runs on the source", paths_of(config).data,
                "stop it first: what it changes meanwhile would be missing");
  }
  return open_directory(read_only_log_options(config, masters));
}

Result<End> open_target(v1::Config config, const actors::MasterKeys& masters, std::uint32_t partitions) {
  config.mutable_log()->set_partitions(partitions);
  return is_clustered(config) ? open_kafka(config, Topics::kMakeMissing) : open_directory(log_options(config, masters));
}

/// The master key of what is copied.
Result<actors::MasterKeys> masters_of(const v1::Config& source) {
  return is_clustered(source) ? make_or_read_master_keys(source) : read_master_keys(source);
}

}  // namespace

Status copy_log_between(const v1::Config& config, const std::string& from, const std::string& to, std::ostream& out) {
  const v1::Config source_config = at(config, from);
  auto masters = masters_of(source_config);
  if (!masters) return tl::unexpected(masters.error());
  auto source = open_source(source_config, *masters);
  if (!source) return tl::unexpected(source.error());
  auto target = open_target(at(config, to), *masters, source->log->partitions());
  if (!target) return tl::unexpected(target.error());

  const SystemClock clock;
  const std::string master_id = masters->current.id;
  const actors::Vault vault(*source->erasable, *std::move(masters), clock);
  if (Status checked = vault.check_master_keys(); !checked) return checked;
  const auto events = copy_log(*source->log, *target->log, log_progress());
  if (!events) return tl::unexpected(events.error());
  const auto data_keys = copy_erasable(*source->erasable, *target->erasable);
  if (!data_keys) return tl::unexpected(data_keys.error());

  for (events::PartitionId partition = 0; partition < target->log->partitions(); ++partition) {
    const events::ChainState tail = target->log->tail(partition);
    out << "partition " << partition << ": " << tail.next << " events, head " << to_hex(as_view(tail.last_hash))
        << '\n';
  }
  out << "copied " << *events << " events and " << *data_keys << " entries of the vault; the heads are the source's\n"
      << "serve it with the same master key, " << master_id << std::endl;
  return {};
}

}  // namespace keyfold::ops
