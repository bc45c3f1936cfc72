#include "events/kafka/kafka_client.h"

#include <algorithm>
#include <array>
#include <thread>

namespace keyfold::events {
namespace {

/// What the safety of the log rests on, or what an option of keyfold's own says.
constexpr std::array<std::string_view, 24> kOwnProperties = {"acks",
                                                             "allow.auto.create.topics",
                                                             "auto.offset.reset",
                                                             "bootstrap.servers",
                                                             "delivery.timeout.ms",
                                                             "enable.auto.commit",
                                                             "enable.auto.offset.store",
                                                             "enable.idempotence",
                                                             "enable.partition.eof",
                                                             "enable.gapless.guarantee",
                                                             "group.id",
                                                             "group.instance.id",
                                                             "heartbeat.interval.ms",
                                                             "isolation.level",
                                                             "linger.ms",
                                                             "max.in.flight",
                                                             "message.max.bytes",
                                                             "message.timeout.ms",
                                                             "metadata.broker.list",
                                                             "partition.assignment.strategy",
                                                             "queue.buffering.max.ms",
                                                             "request.required.acks",
                                                             "session.timeout.ms",
                                                             "transactional.id"};

constexpr std::chrono::milliseconds kUnknownTopicPause{50};

/// Better defaults than librdkafka's, which the options' properties may change.
constexpr std::array<std::pair<const char*, const char*>, 3> kDefaults = {{
    {"client.id", "keyfold"},
    {"reconnect.backoff.max.ms", "1000"},
    {"socket.keepalive.enable", "true"},
}};

/// What Kafka takes in a topic's name, with room for what is put behind it.
bool is_prefix(std::string_view text) {
  constexpr std::size_t kBytesMax = 200;
  return !text.empty() && text.size() <= kBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

using Text = std::array<char, 512>;

struct ConfigurationDelete {
  void operator()(rd_kafka_conf_t* configuration) const { rd_kafka_conf_destroy(configuration); }
};
using Configuration = std::unique_ptr<rd_kafka_conf_t, ConfigurationDelete>;

Status set(rd_kafka_conf_t* configuration, const std::string& name, const std::string& value) {
  Text text{};
  if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK) {
    return {};
  }
  return fail(ErrorCode::kInvalidArgument, text.data(), "kafka.properties", "see the options of librdkafka");
}

Status set_all(rd_kafka_conf_t* configuration, const KafkaOptions& options, const KafkaClient::Settings& settings) {
  for (const auto& [name, value] : kDefaults) {
    if (Status status = set(configuration, name, value); !status) return status;
  }
  for (const auto& [name, value] : options.properties) {
    if (std::find(kOwnProperties.begin(), kOwnProperties.end(), name) != kOwnProperties.end()) {
      return fail(ErrorCode::kInvalidArgument, "'" + name + "' is set by keyfold itself", "kafka.properties",
                  "take it out");
    }
    if (Status status = set(configuration, name, value); !status) return status;
  }
  for (const auto& [name, value] : settings) {
    if (Status status = set(configuration, name, value); !status) return status;
  }
  return set(configuration, "bootstrap.servers", options.brokers);
}

KafkaLogLevel to_level(int syslog_level) {
  if (syslog_level <= 3) return KafkaLogLevel::kError;
  if (syslog_level <= 5) return KafkaLogLevel::kWarning;
  return syslog_level == 6 ? KafkaLogLevel::kInfo : KafkaLogLevel::kDebug;
}

}  // namespace

int Deadline::left_ms() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 86'400'000));
}

Result<std::unique_ptr<KafkaClient>> KafkaClient::make(const KafkaOptions& options, Kind kind, const Settings& settings,
                                                       Handlers handlers) {
  if (options.brokers.empty()) return keyfold::fail(ErrorCode::kInvalidArgument, "no Kafka broker is named", "log.url");
  if (!is_prefix(options.topic_prefix)) {
    return keyfold::fail(ErrorCode::kInvalidArgument, "'" + options.topic_prefix + "' can't begin a topic's name",
                         "kafka.topic_prefix", "use letters, digits, '.', '_' and '-', at most 200 of them");
  }
  Configuration configuration(rd_kafka_conf_new());
  if (const Status status = set_all(configuration.get(), options, settings); !status) {
    return tl::unexpected(status.error());
  }
  std::unique_ptr<KafkaClient> client(new KafkaClient(options, std::move(handlers)));
  rd_kafka_conf_set_opaque(configuration.get(), client.get());
  rd_kafka_conf_set_log_cb(configuration.get(), log);
  rd_kafka_conf_set_error_cb(configuration.get(), fail);
  if (client->handlers_.delivered) {
    rd_kafka_conf_set_dr_msg_cb(configuration.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
      static_cast<KafkaClient*>(self)->handlers_.delivered(*message);
    });
  }
  if (client->handlers_.rebalanced) {
    rd_kafka_conf_set_rebalance_cb(configuration.get(), [](rd_kafka_t*, rd_kafka_resp_err_t code,
                                                           rd_kafka_topic_partition_list_t* partitions, void* self) {
      static_cast<KafkaClient*>(self)->handlers_.rebalanced(code, *partitions);
    });
  }
  Text text{};
  client->client_ = rd_kafka_new(kind == Kind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, configuration.get(),
                                 text.data(), text.size());
  if (client->client_ == nullptr) {
    return keyfold::fail(ErrorCode::kInvalidArgument, text.data(), "kafka.properties", "see the options of librdkafka");
  }
  (void)configuration.release();  // rd_kafka_new has taken it
  return client;
}

KafkaClient::~KafkaClient() {
  if (client_ == nullptr) return;
  rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  // A consumer that is a member of a group leaves it by a call of its own before.
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Result<KafkaTopic> KafkaClient::topic(const std::string& name) const {
  KafkaTopic topic(rd_kafka_topic_new(client_, name.c_str(), nullptr));
  if (topic) return topic;
  return tl::unexpected(error(rd_kafka_last_error(), "the topic \"" + name + "\" can't be used"));
}

Result<OffsetRange> KafkaClient::offsets(const std::string& topic, std::uint32_t partition,
                                         const Deadline& deadline) const {
  while (true) {
    OffsetRange range;
    const auto code = rd_kafka_query_watermark_offsets(client_, topic.c_str(), static_cast<std::int32_t>(partition),
                                                       &range.low, &range.high, std::max(deadline.left_ms(), 1));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return range;
    if (to_error_code(code) != ErrorCode::kNotFound || deadline.is_over()) {
      return tl::unexpected(error(code, "the end of the topic \"" + topic + "\" can't be found"));
    }
    std::this_thread::sleep_for(kUnknownTopicPause);
  }
}

Error KafkaClient::error(rd_kafka_resp_err_t code, std::string what) const {
  Error error{to_error_code(code), std::move(what) + ": " + rd_kafka_err2str(code), brokers_, ""};
  if (error.code == ErrorCode::kUnavailable) {
    const std::lock_guard lock(mutex_);
    if (!last_failure_.empty()) error.what += " (" + last_failure_ + ")";
    error.hint = "check that the brokers run, and that log.url and kafka.properties are right";
  }
  return error;
}

void KafkaClient::log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  auto* self = static_cast<KafkaClient*>(rd_kafka_opaque(client));
  const std::string_view kind(facility);
  if (kind == "FAIL") {
    const std::lock_guard lock(self->mutex_);
    self->last_failure_ = text;
  }
  if (!self->sink_) return;
  // Properties are given to producers and consumers alike: one that concerns only the other is no mistake.
  self->sink_(kind == "CONFWARN" ? KafkaLogLevel::kDebug : to_level(level), text);
}

void KafkaClient::fail(rd_kafka_t*, int code, const char* text, void* self) {
  const auto& client = *static_cast<KafkaClient*>(self);
  if (!client.sink_) return;
  client.sink_(KafkaLogLevel::kWarning,
               std::string(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code))) + ": " + text);
}

ErrorCode to_error_code(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
      return ErrorCode::kUnavailable;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return ErrorCode::kNotFound;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
      return ErrorCode::kAlreadyExists;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return ErrorCode::kInvalidArgument;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return ErrorCode::kFailedPrecondition;
    default:
      return ErrorCode::kIo;
  }
}

}  // namespace keyfold::events
