#include "events/kafka/kafka_reader.h"

#include <algorithm>

namespace keyfold::events {

Result<KafkaReader> KafkaReader::make(const KafkaOptions& options, std::string topic) {
  auto client = KafkaClient::make(options, KafkaClient::Kind::kConsumer,
                                  {{"group.id", options.topic_prefix},
                                   {"enable.auto.commit", "false"},
                                   {"enable.auto.offset.store", "false"},
                                   {"auto.offset.reset", "error"},
                                   {"isolation.level", "read_uncommitted"},
                                   {"enable.partition.eof", "true"},
                                   {"fetch.min.bytes", "1"},
                                   // Bounds the silence of an idle partition; a record ends the broker's wait at once.
                                   {"fetch.wait.max.ms", "100"},
                                   // Also how long reading pauses when it is ahead of its user.
                                   {"fetch.error.backoff.ms", "20"}});
  if (!client) return tl::unexpected(client.error());
  // Everything arrives in one queue, that of the consumer.
  rd_kafka_poll_set_consumer((*client)->get());
  return KafkaReader(*std::move(client), std::move(topic));
}

std::int64_t KafkaReader::known_high(std::uint32_t partition) const {
  OffsetRange range;
  const auto code = rd_kafka_get_watermark_offsets(client_->get(), topic_.c_str(), static_cast<std::int32_t>(partition),
                                                   &range.low, &range.high);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? range.high : -1;
}

Status KafkaReader::start(const std::vector<std::int64_t>& offsets) {
  const KafkaPartitions partitions(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (std::size_t p = 0; p < offsets.size(); ++p) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic_.c_str(), static_cast<std::int32_t>(p))->offset =
        offsets[p];
  }
  const auto code = rd_kafka_assign(client_->get(), partitions.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return tl::unexpected(client_->error(code, "the topic \"" + topic_ + "\" can't be read"));
}

Result<KafkaMessage> KafkaReader::poll(int timeout_ms) {
  KafkaMessage message(rd_kafka_consumer_poll(client_->get(), timeout_ms));
  if (!message) return message;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return message;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return fail(
          ErrorCode::kDataLoss,
          "the topic \"" + topic_ + "\" doesn't hold the wanted record: " + rd_kafka_message_errstr(message.get()),
          "partition " + std::to_string(message->partition), "the topic lost records or was made anew: restore it");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return tl::unexpected(client_->error(message->err, "the topic \"" + topic_ + "\" can't be read"));
    default:
      return KafkaMessage();
  }
}

}  // namespace keyfold::events
