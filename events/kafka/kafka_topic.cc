#include "events/kafka/kafka_topic.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <thread>

#include "events/kafka/kafka_client.h"

namespace keyfold::events {
namespace {

using Rule = TopicSetting::Rule;
using Configuration = std::map<std::string, std::string>;

constexpr std::chrono::milliseconds kPollInterval{50};
/// How long one question to a broker may take before it is asked again.
constexpr int kRequestMsMax = 5'000;

struct Cluster {
  std::vector<std::int32_t> brokers;
  std::optional<TopicFacts> topic;  // none: there is no such topic
  bool leaders_known = false;
};

struct EventDelete {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, EventDelete>;

/// One question to the cluster's administration, and its answer.
class AdminRequest {
 public:
  AdminRequest(rd_kafka_t* client, rd_kafka_admin_op_t operation, int timeout_ms)
      : queue_(rd_kafka_queue_new(client)), options_(rd_kafka_AdminOptions_new(client, operation)) {
    std::array<char, 256> ignored{};
    rd_kafka_AdminOptions_set_request_timeout(options_, std::max(timeout_ms, 1), ignored.data(), ignored.size());
  }
  ~AdminRequest() {
    rd_kafka_AdminOptions_destroy(options_);
    rd_kafka_queue_destroy(queue_);
  }
  AdminRequest(const AdminRequest&) = delete;
  AdminRequest& operator=(const AdminRequest&) = delete;

  [[nodiscard]] rd_kafka_queue_t* queue() const { return queue_; }
  [[nodiscard]] rd_kafka_AdminOptions_t* options() const { return options_; }
  /// librdkafka keeps the request's own time-out.
  [[nodiscard]] Event answer() const { return Event(rd_kafka_queue_poll(queue_, -1)); }

 private:
  rd_kafka_queue_t* queue_;
  rd_kafka_AdminOptions_t* options_;
};

class TopicKeeper {
 public:
  TopicKeeper(const KafkaOptions& options, const TopicSpec& spec, const KafkaClient& client)
      : options_(options), spec_(spec), client_(client), deadline_(options.connect_timeout_ms) {}

  Result<TopicFacts> ensure() {
    auto cluster = look();
    if (!cluster) return tl::unexpected(cluster.error());
    if (!cluster->topic) {
      if (Status made = make(*cluster); !made) return tl::unexpected(made.error());
    }
    while (!cluster->topic || !cluster->leaders_known) {
      if (deadline_.is_over()) {
        return fail(ErrorCode::kUnavailable, "a partition of the topic \"" + spec_.name + "\" has no leader",
                    options_.brokers, "wait until the brokers that hold it are back");
      }
      std::this_thread::sleep_for(kPollInterval);
      cluster = look();
      if (!cluster) return tl::unexpected(cluster.error());
    }
    if (Status good = check(*cluster->topic); !good) return tl::unexpected(good.error());
    return *std::move(cluster->topic);
  }

 private:
  Result<Cluster> look() {
    auto topic = client_.topic(spec_.name);
    if (!topic) return tl::unexpected(topic.error());
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto code = rd_kafka_metadata(client_.get(), 0, topic->get(), &metadata, std::max(deadline_.left_ms(), 1));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(client_.error(code, "Kafka does not answer"));
    auto cluster = read(*metadata);
    rd_kafka_metadata_destroy(metadata);
    return cluster;
  }

  Result<Cluster> read(const rd_kafka_metadata_t& metadata) {
    Cluster cluster;
    for (int i = 0; i < metadata.broker_cnt; ++i) cluster.brokers.push_back(metadata.brokers[i].id);
    if (metadata.topic_cnt != 1) return cluster;
    const rd_kafka_metadata_topic_t& found = metadata.topics[0];
    if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return cluster;
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      return tl::unexpected(client_.error(found.err, "the topic \"" + spec_.name + "\" can't be looked at"));
    }
    cluster.topic.emplace();
    cluster.topic->partitions = static_cast<std::uint32_t>(found.partition_cnt);
    cluster.topic->replicas = std::numeric_limits<std::uint32_t>::max();
    cluster.leaders_known = found.partition_cnt > 0;
    for (int i = 0; i < found.partition_cnt; ++i) {
      const auto& partition = found.partitions[i];
      const auto replicas = static_cast<std::uint32_t>(partition.replica_cnt);
      cluster.topic->replicas = std::min(cluster.topic->replicas, replicas);
      cluster.leaders_known = cluster.leaders_known && partition.leader >= 0;
    }
    if (char* id = rd_kafka_clusterid(client_.get(), deadline_.left_ms()); id != nullptr) {
      cluster.topic->cluster_id = id;
      rd_kafka_mem_free(client_.get(), id);
    }
    return cluster;
  }

  Result<std::uint32_t> replication_factor(const Cluster& cluster) {
    if (options_.replication_factor > 0) return options_.replication_factor;
    const std::string broker = cluster.brokers.empty() ? "1" : std::to_string(cluster.brokers.front());
    const auto settings = describe(RD_KAFKA_RESOURCE_BROKER, broker);
    if (!settings) {
      Error error = settings.error();
      error.what = "the brokers' default replication factor can't be read: " + error.what;
      error.hint = "set kafka.replication_factor";
      return tl::unexpected(std::move(error));
    }
    std::uint32_t factor = 1;
    const auto found = settings->find("default.replication.factor");
    if (found != settings->end()) {
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), factor);
    }
    return factor;
  }

  [[nodiscard]] std::vector<TopicSetting> wanted(std::uint32_t replicas) const {
    std::vector<TopicSetting> all = spec_.settings;
    all.push_back({"min.insync.replicas", replicas >= 3 ? "2" : "1", Rule::kAtLeast});
    all.push_back({"unclean.leader.election.enable", "false", Rule::kExactly});
    return all;
  }

  Status make(const Cluster& cluster) {
    if (spec_.partitions == 0) {
      return fail(ErrorCode::kNotFound, "there is no topic \"" + spec_.name + "\"", options_.brokers,
                  "check log.url and kafka.topic_prefix");
    }
    const auto factor = replication_factor(cluster);
    if (!factor) return tl::unexpected(factor.error());
    std::array<char, 256> text{};
    const std::unique_ptr<rd_kafka_NewTopic_t, decltype(&rd_kafka_NewTopic_destroy)> topic(
        rd_kafka_NewTopic_new(spec_.name.c_str(), static_cast<int>(spec_.partitions), static_cast<int>(*factor),
                              text.data(), text.size()),
        rd_kafka_NewTopic_destroy);
    if (!topic) return fail(ErrorCode::kInvalidArgument, text.data(), spec_.name);
    for (const TopicSetting& setting : wanted(*factor)) {
      rd_kafka_NewTopic_set_config(topic.get(), setting.name.c_str(), setting.value.c_str());
    }
    const AdminRequest request(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline_.left_ms());
    rd_kafka_NewTopic_t* topics = topic.get();
    rd_kafka_CreateTopics(client_.get(), &topics, 1, request.options(), request.queue());
    const Event answer = request.answer();
    return made(*answer);
  }

  Status made(rd_kafka_event_t& answer) const {
    const std::string what = "the topic \"" + spec_.name + "\" can't be made";
    if (const auto code = rd_kafka_event_error(&answer); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(client_.error(code, what));
    }
    std::size_t count = 0;
    const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(&answer), &count);
    if (count == 0) return fail(ErrorCode::kInternal, what, options_.brokers);
    const auto code = rd_kafka_topic_result_error(results[0]);
    // Another process may have been first: what it made is checked like any topic.
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return {};
    const char* text = rd_kafka_topic_result_error_string(results[0]);
    return fail(to_error_code(code), what + ": " + (text != nullptr ? text : rd_kafka_err2str(code)), options_.brokers);
  }

  Result<Configuration> describe(rd_kafka_ResourceType_t type, const std::string& name) {
    while (true) {
      const AdminRequest request(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
                                 std::min(deadline_.left_ms(), kRequestMsMax));
      rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(type, name.c_str());
      rd_kafka_DescribeConfigs(client_.get(), &resource, 1, request.options(), request.queue());
      rd_kafka_ConfigResource_destroy(resource);
      const Event answer = request.answer();
      auto configuration = described(*answer);
      // A topic that was made a moment ago is not known to every broker yet.
      const bool soon = !configuration && (configuration.error().code == ErrorCode::kNotFound ||
                                           configuration.error().code == ErrorCode::kUnavailable);
      if (!soon || deadline_.is_over()) return configuration;
      std::this_thread::sleep_for(kPollInterval);
    }
  }

  Result<Configuration> described(rd_kafka_event_t& answer) const {
    const std::string what = "the settings of Kafka can't be read";
    if (const auto code = rd_kafka_event_error(&answer); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(client_.error(code, what));
    }
    std::size_t count = 0;
    const auto* found =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(&answer), &count);
    if (count == 0) return fail(ErrorCode::kInternal, what, options_.brokers);
    if (const auto code = rd_kafka_ConfigResource_error(found[0]); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(client_.error(code, what));
    }
    Configuration configuration;
    const auto* entries = rd_kafka_ConfigResource_configs(found[0], &count);
    for (std::size_t i = 0; i < count; ++i) {
      const char* value = rd_kafka_ConfigEntry_value(entries[i]);
      configuration[rd_kafka_ConfigEntry_name(entries[i])] = value == nullptr ? "" : value;
    }
    return configuration;
  }

  Status check(const TopicFacts& topic) {
    if (spec_.partitions != 0 && topic.partitions != spec_.partitions) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the topic \"" + spec_.name + "\" has " + std::to_string(topic.partitions) + " partitions, but " +
                      std::to_string(spec_.partitions) + " are configured",
                  options_.brokers, "the number is fixed when the topic is made: configure the one that it has");
    }
    if (topic.replicas < options_.replication_factor) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the topic \"" + spec_.name + "\" has " + std::to_string(topic.replicas) + " replicas, but " +
                      std::to_string(options_.replication_factor) + " are configured",
                  options_.brokers,
                  "add replicas with kafka-reassign-partitions.sh, or change kafka.replication_factor");
    }
    const auto settings = describe(RD_KAFKA_RESOURCE_TOPIC, spec_.name);
    if (!settings) return tl::unexpected(settings.error());
    return check(*settings, topic.replicas);
  }

  Status check(const Configuration& found, std::uint32_t replicas) const {
    std::string wrong;
    std::string changes;
    for (const TopicSetting& setting : wanted(replicas)) {
      const auto at = found.find(setting.name);
      const std::string value = at == found.end() ? "" : at->second;
      if (satisfies(setting, value)) continue;
      const char* relation = setting.rule == Rule::kAtLeast  ? "at least "
                             : setting.rule == Rule::kAtMost ? "at most "
                                                             : "";
      wrong += (wrong.empty() ? "" : ", ") + setting.name + "=" + value + " (needed: " + relation + setting.value + ")";
      changes += (changes.empty() ? "" : ",") + setting.name + "=" + setting.value;
    }
    if (wrong.empty()) return {};
    return fail(ErrorCode::kFailedPrecondition, "the topic \"" + spec_.name + "\" has " + wrong, options_.brokers,
                "kafka-configs.sh --bootstrap-server " + options_.brokers +
                    " --alter --entity-type topics --entity-name " + spec_.name + " --add-config " + changes);
  }

  static bool satisfies(const TopicSetting& setting, const std::string& value) {
    if (setting.rule == Rule::kWhenMade) return true;
    if (setting.rule == Rule::kExactly) return value == setting.value;
    const auto found = number(value);
    const auto bound = number(setting.value);
    if (!found || !bound) return false;
    return setting.rule == Rule::kAtLeast ? *found >= *bound : *found <= *bound;
  }

  /// -1 is Kafka's word for no limit.
  static std::optional<std::int64_t> number(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value == -1 ? std::numeric_limits<std::int64_t>::max() : value;
  }

  const KafkaOptions& options_;
  const TopicSpec& spec_;
  const KafkaClient& client_;
  const Deadline deadline_;
};

}  // namespace

Result<TopicFacts> ensure_topic(const KafkaOptions& options, const TopicSpec& spec) {
  // A consumer, because a producer's questions about a topic make brokers create it with their defaults.
  const auto client = KafkaClient::make(options, KafkaClient::Kind::kConsumer, {{"group.id", options.topic_prefix}});
  if (!client) return tl::unexpected(client.error());
  return TopicKeeper(options, spec, **client).ensure();
}

}  // namespace keyfold::events
