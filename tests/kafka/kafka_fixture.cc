#include "tests/kafka/kafka_fixture.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "events/kafka/kafka_producer.h"
#include "events/kafka/kafka_reader.h"
#include "events/kafka/kafka_topic.h"
#include "schemas/base/random.h"

namespace keyfold::events::testing {
namespace {

constexpr std::int64_t kTimeoutMs = 60'000;

std::unique_ptr<KafkaClient> client() {
  auto made = KafkaClient::make(kafka_options("raw"), KafkaClient::Kind::kConsumer, {{"group.id", "raw"}});
  if (!made) throw std::runtime_error(made.error().to_string());
  return *std::move(made);
}

}  // namespace

std::string shared_brokers() {
  const char* brokers = std::getenv("KEYFOLD_KAFKA");
  if (brokers == nullptr || *brokers == '\0') throw std::runtime_error("KEYFOLD_KAFKA names no broker");
  return brokers;
}

std::string new_topic_prefix() { return make_id("test", 12); }

KafkaOptions kafka_options(const std::string& prefix) {
  KafkaOptions options;
  options.brokers = shared_brokers();
  options.topic_prefix = prefix;
  options.append_timeout_ms = kTimeoutMs;
  options.connect_timeout_ms = kTimeoutMs;
  return options;
}

void make_topic(const std::string& name, std::uint32_t partitions, const std::map<std::string, std::string>& settings) {
  const auto kafka = client();
  std::array<char, 256> text{};
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(name.c_str(), static_cast<int>(partitions), 1, text.data(), text.size());
  for (const auto& [key, value] : settings) rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(kafka->get());
  rd_kafka_CreateTopics(kafka->get(), &topic, 1, nullptr, queue);
  rd_kafka_event_t* answer = rd_kafka_queue_poll(queue, static_cast<int>(kTimeoutMs));
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(rd_kafka_event_error(answer), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
}

void delete_topic(const std::string& name) {
  const auto kafka = client();
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(kafka->get());
  rd_kafka_DeleteTopics(kafka->get(), &topic, 1, nullptr, queue);
  rd_kafka_event_t* answer = rd_kafka_queue_poll(queue, static_cast<int>(kTimeoutMs));
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(rd_kafka_event_error(answer), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteTopic_destroy(topic);
}

std::vector<RawRecord> raw_records(const std::string& topic, std::uint32_t partition) {
  std::vector<RawRecord> records;
  auto reader = KafkaReader::make(kafka_options("raw"), topic).value();
  const auto range = reader.offsets(partition, Deadline(kTimeoutMs)).value();
  std::vector<std::int64_t> starts(partition + 1, range.low);
  EXPECT_TRUE(reader.start(starts));
  const Deadline deadline(kTimeoutMs);
  for (std::int64_t next = range.low; next < range.high && !deadline.is_over();) {
    const auto message = reader.poll(100);
    if (!message || !*message || (*message)->partition != static_cast<std::int32_t>(partition)) continue;
    next = (*message)->err == RD_KAFKA_RESP_ERR_NO_ERROR ? (*message)->offset + 1 : (*message)->offset;
    if ((*message)->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    RawRecord record;
    if ((*message)->key != nullptr) record.key = {static_cast<const char*>((*message)->key), (*message)->key_len};
    if ((*message)->payload != nullptr) record.value = {static_cast<const char*>((*message)->payload), (*message)->len};
    rd_kafka_headers_t* headers = nullptr;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(message->get(), &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
           ++i) {
        record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      }
    }
    records.push_back(std::move(record));
  }
  return records;
}

void write_raw(const std::string& topic, const Append& append) {
  const Deadline deadline(kTimeoutMs);
  auto producer = KafkaProducer::make(kafka_options("raw"), topic, append.partition, deadline);
  ASSERT_TRUE(producer) << producer.error().to_string();
  (*producer)->begin();
  for (const Record& record : append.records) {
    v1::EventHeader header;
    (void)header.ParseFromString(record.header);
    ASSERT_TRUE((*producer)->send("raw", record.payload, cloud_event_headers(header, record.header), deadline));
  }
  while ((*producer)->delivery().pending > 0) (*producer)->flush(100);
  EXPECT_EQ((*producer)->delivery().error, RD_KAFKA_RESP_ERR_NO_ERROR);
}

Result<std::unique_ptr<KafkaLog>> KafkaTest::try_open(const std::string& name) {
  KafkaLogOptions options = options_;
  options.directory = directory_of(name);
  return KafkaLog::open(std::move(options));
}

std::unique_ptr<KafkaLog> KafkaTest::open(const std::string& name) {
  auto log = try_open(name);
  if (!log) throw std::runtime_error(log.error().to_string());
  return *std::move(log);
}

Status open_partition(Log& log, PartitionId partition, std::uint64_t epoch) {
  ChainState state = log.tail(partition);
  v1::Payload payload;
  payload.mutable_partition_opened()->set_epoch(epoch);
  const Append append{partition, state.next, {extend(partition, state, payload)}};
  return log.append({&append, 1});
}

Append make_batch(PartitionId partition, ChainState& state, std::uint32_t size, const std::string& name) {
  Append append{partition, state.next, {}};
  for (std::uint32_t i = 0; i < size; ++i) {
    v1::EventHeader header = next_header(partition, state);
    header.set_batch_index(i);
    header.set_batch_size(size);
    append.records.push_back(encode(header, key_deleted(name + std::to_string(i))));
    EXPECT_EQ(accept(state, header, append.records.back().header), Verdict::kApplied);
  }
  return append;
}

std::vector<std::pair<std::string, std::string>> all_records(const Log& log, PartitionId partition) {
  std::vector<std::pair<std::string, std::string>> records;
  const auto next = log.read(partition, 0, 1'000'000, [&](Sequence, RecordView record) {
    records.emplace_back(record.header, record.payload);
    return true;
  });
  EXPECT_TRUE(next);
  return records;
}

}  // namespace keyfold::events::testing
