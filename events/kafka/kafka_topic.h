#pragma once

#include <string>
#include <vector>

#include "events/kafka/kafka_options.h"

namespace keyfold::events {

/// One of a topic's settings, by Kafka's name.
struct TopicSetting {
  enum class Rule {
    kExactly,
    kAtLeast,   // -1 is without end
    kAtMost,    // likewise
    kWhenMade,  // of a topic that is made; one that exists may have another
  };
  std::string name;
  std::string value;
  Rule rule = Rule::kExactly;
};

/// What a topic must be like. `min.insync.replicas` (2 where there are three replicas or more, otherwise 1) and
/// `unclean.leader.election.enable` (false) go without saying.
struct TopicSpec {
  std::string name;
  std::uint32_t partitions = 0;  // 0: as it is; a topic that is missing is not made then
  std::vector<TopicSetting> settings;
};

struct TopicFacts {
  std::string cluster_id;
  std::uint32_t partitions = 0;
  std::uint32_t replicas = 0;  // of the partition that has the fewest
};

/// Makes the topic, or checks the one that exists, and waits until its leaders are known. kFailedPrecondition, with the
/// settings found and wanted and how to mend them, when it is not as it must be; kNotFound when it is missing and not
/// to be made; kUnavailable, naming the brokers, when the cluster is out of reach for `connect_timeout_ms`.
[[nodiscard]] Result<TopicFacts> ensure_topic(const KafkaOptions& options, const TopicSpec& spec);

}  // namespace keyfold::events
