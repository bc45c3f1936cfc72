#include "events/kafka/kafka_producer.h"

#include <algorithm>
#include <array>

namespace keyfold::events {
namespace {

constexpr int kFullBufferFlushMs = 10;

struct HeadersDelete {
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
};
using Headers = std::unique_ptr<rd_kafka_headers_t, HeadersDelete>;

Headers to_headers(const CloudEventHeaders& from) {
  Headers headers(rd_kafka_headers_new(from.size()));
  for (const auto& [name, value] : from) {
    rd_kafka_header_add(headers.get(), name, -1, value.data(), static_cast<ssize_t>(value.size()));
  }
  return headers;
}

}  // namespace

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::make(const KafkaOptions& options, const std::string& topic,
                                                           std::uint32_t partition, const Deadline& deadline) {
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer);
  const auto delivered = [delivery = producer->delivery_.get()](const rd_kafka_message_t& message) {
    if (reinterpret_cast<std::uintptr_t>(message._private) != delivery->round) return;
    --delivery->pending;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      delivery->last_offset = std::max(delivery->last_offset, message.offset);
      delivery->offset_unknown = delivery->offset_unknown || message.offset < 0;
    } else if (delivery->error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      delivery->error = message.err;
    }
  };
  auto client = KafkaClient::make(options, KafkaClient::Kind::kProducer,
                                  {{"enable.idempotence", "true"},
                                   {"acks", "all"},
                                   // `flush` ends it; without any, the first of many records would go out alone.
                                   {"linger.ms", "5"},
                                   {"message.max.bytes", std::to_string(kKafkaRecordBytesMax)},
                                   {"message.timeout.ms", std::to_string(options.append_timeout_ms)}},
                                  {.delivered = delivered});
  if (!client) return tl::unexpected(client.error());
  producer->client_ = *std::move(client);
  producer->partition_ = static_cast<std::int32_t>(partition);
  auto handle = producer->client_->topic(topic);
  if (!handle) return tl::unexpected(handle.error());
  producer->topic_ = *std::move(handle);
  // Without it the first record would wait for timers of librdkafka.
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(producer->client_->get(), 0, producer->topic_.get(), &metadata,
                                      std::max(deadline.left_ms(), 1));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(producer->client_->error(code, "nothing can be written to Kafka"));
  }
  rd_kafka_metadata_destroy(metadata);
  return producer;
}

Status KafkaProducer::send(std::string_view key, std::string_view value, const CloudEventHeaders& headers,
                           const Deadline& deadline) {
  Headers all = to_headers(headers);
  while (true) {
    std::array<rd_kafka_vu_t, 7> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[0].u.rkt = topic_.get();
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = partition_;
    parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[2].u.i = RD_KAFKA_MSG_F_COPY;
    parts[3].vtype = RD_KAFKA_VTYPE_KEY;
    parts[3].u.mem = {const_cast<char*>(key.data()), key.size()};
    parts[4].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[4].u.mem = {const_cast<char*>(value.data()), value.size()};
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = all.get();
    parts[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
    // A number that comes back untouched. NOLINTNEXTLINE(performance-no-int-to-ptr)
    parts[6].u.ptr = reinterpret_cast<void*>(delivery_->round);
    rd_kafka_error_t* refused = rd_kafka_produceva(client_->get(), parts.data(), parts.size());
    if (refused == nullptr) {
      (void)all.release();  // the record has taken them
      ++delivery_->pending;
      return {};
    }
    const auto code = rd_kafka_error_code(refused);
    rd_kafka_error_destroy(refused);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || deadline.is_over()) {
      return tl::unexpected(client_->error(code, "a record can't be sent"));
    }
    flush(kFullBufferFlushMs);
  }
}

}  // namespace keyfold::events
