#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "events/kafka/kafka_log.h"
#include "tests/unit/events/sample_log.h"

// Shared by the tests on a real broker.
namespace keyfold::events::testing {

/// host:port of the broker that the tests share, from KEYFOLD_KAFKA (see run.sh). Each test takes topics of its own.
[[nodiscard]] std::string shared_brokers();
/// A prefix of topics that no other test has.
[[nodiscard]] std::string new_topic_prefix();

/// Options for topics of their own, and short waits.
[[nodiscard]] KafkaOptions kafka_options(const std::string& prefix);

/// Makes a topic with these settings and nothing else.
void make_topic(const std::string& name, std::uint32_t partitions, const std::map<std::string, std::string>& settings);
void delete_topic(const std::string& name);

/// One record as it stands in the topic.
struct RawRecord {
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
};
/// Everything that the partition holds now.
[[nodiscard]] std::vector<RawRecord> raw_records(const std::string& topic, std::uint32_t partition);
/// Writes events past every check of the log, as a fenced writer would.
void write_raw(const std::string& topic, const Append& append);

/// Topics, and directories of copies, of one test.
class KafkaTest : public ::testing::Test {
 protected:
  /// A process's log; each name is another process.
  [[nodiscard]] Result<std::unique_ptr<KafkaLog>> try_open(const std::string& name);
  [[nodiscard]] std::unique_ptr<KafkaLog> open(const std::string& name);
  [[nodiscard]] std::filesystem::path directory_of(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] std::string events_topic() const { return options_.kafka.topic_prefix + ".events"; }

  KafkaLogOptions options_{.kafka = kafka_options(new_topic_prefix()), .partitions = 2};

 private:
  TemporaryDirectory directory_;
};

/// Opens the partition for a new writer: appends PartitionOpened with this epoch.
[[nodiscard]] Status open_partition(Log& log, PartitionId partition, std::uint64_t epoch);
/// A batch of `size` events that extends the chain, and moves the chain over it.
[[nodiscard]] Append make_batch(PartitionId partition, ChainState& state, std::uint32_t size, const std::string& name);
/// All records of a partition, byte for byte.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> all_records(const Log& log, PartitionId partition);

}  // namespace keyfold::events::testing
