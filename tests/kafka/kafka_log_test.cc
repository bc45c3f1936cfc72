#include "events/kafka/kafka_log.h"

#include <filesystem>

#include "schemas/base/encoding.h"
#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

using testing::all_records;
using testing::append_events;
using testing::expected_key_ids;
using testing::make_append;
using testing::make_batch;
using testing::open_partition;
using testing::raw_records;
using testing::read_key_ids;
using testing::write_raw;

constexpr std::int64_t kLongMs = 60'000;

using KafkaLogTest = testing::KafkaTest;

TEST_F(KafkaLogTest, WhatOneProcessAppendsTheOthersRead) {
  const auto writer = open("a");
  const auto reader = open("b");
  ASSERT_TRUE(append_events(*writer, 0, 3));
  ASSERT_TRUE(reader->wait(0, 2, kLongMs));
  EXPECT_EQ(read_key_ids(*reader, 0), expected_key_ids(3));
  EXPECT_EQ(reader->tail(0).last_hash, writer->tail(0).last_hash);
}

TEST_F(KafkaLogTest, RecordIsACloudEvent) {
  const auto log = open("a");
  ASSERT_TRUE(append_events(*log, 1, 1));
  const auto records = raw_records(events_topic(), 1);
  ASSERT_EQ(records.size(), 1u);
  const std::map<std::string, std::string> headers(records[0].headers.begin(), records[0].headers.end());
  EXPECT_EQ(headers.at("ce_specversion"), "1.0");
  EXPECT_EQ(headers.at("ce_id"), to_uuid_text(std::string(16, '\x01')));
  EXPECT_EQ(headers.at("ce_type"), "keyfold.v1.KeyDeleted");
  EXPECT_EQ(headers.at("ce_time"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(headers.at("ce_subject"), "key/key_1");
  EXPECT_EQ(headers.at("content-type"), "application/protobuf");
  EXPECT_EQ(records[0].key, "ws_1");
  v1::Payload payload;
  ASSERT_TRUE(payload.ParseFromString(records[0].value));
  EXPECT_EQ(payload.key_deleted().key_id(), "key_0");
  EXPECT_EQ(all_records(*log, 1).at(0).first, headers.at("keyfold-header"));
}

TEST_F(KafkaLogTest, FencedWritersAppendIsRefusedAndAllCopiesAreTheSame) {
  const auto old_owner = open("a");
  const auto new_owner = open("b");
  ASSERT_TRUE(open_partition(*old_owner, 0, 1));
  ChainState stale = old_owner->tail(0);
  ASSERT_TRUE(new_owner->wait(0, 0, kLongMs));
  ASSERT_TRUE(open_partition(*new_owner, 0, 2));
  // The old owner may not have heard of it yet: its record lands, and is void.
  const Append late = make_append(0, stale, 1);
  const Status refused = old_owner->append({&late, 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  write_raw(events_topic(), late);
  ASSERT_TRUE(append_events(*new_owner, 0, 2));
  ASSERT_TRUE(old_owner->wait(0, 3, kLongMs));
  EXPECT_EQ(all_records(*old_owner, 0), all_records(*new_owner, 0));
  EXPECT_EQ(new_owner->tail(0).next, 4u);
  EXPECT_GE(new_owner->stats().records_void, 1u);
  EXPECT_TRUE(new_owner->verify_all());
}

TEST_F(KafkaLogTest, BatchIsSeenWholeOrNever) {
  const auto log = open("a");
  ASSERT_TRUE(open_partition(*log, 0, 1));
  ChainState state = log->tail(0);
  Append torn = make_batch(0, state, 3, "torn_");
  const Record rest = torn.records.back();
  torn.records.pop_back();
  write_raw(events_topic(), torn);
  // Beyond the torn batch: a copy that has read it has read the batch too.
  const auto reader = open("b");
  EXPECT_EQ(reader->tail(0).next, 1u);
  EXPECT_EQ(all_records(*reader, 0).size(), 1u);
  ASSERT_TRUE(open_partition(*reader, 0, 2));
  EXPECT_EQ(reader->tail(0).next, 2u);
  write_raw(events_topic(), {0, 3, {rest}});
  ASSERT_TRUE(append_events(*reader, 0, 1));
  EXPECT_EQ(all_records(*open("c"), 0), all_records(*reader, 0));
  EXPECT_EQ(reader->tail(0).next, 3u);
}

TEST_F(KafkaLogTest, BatchThatStraddlesARestartIsReadWhole) {
  auto log = open("a");
  ASSERT_TRUE(append_events(*log, 0, 2));
  ChainState state = log->tail(0);
  Append batch = make_batch(0, state, 3, "batch_");
  const Append rest{0, batch.first + 2, {batch.records.back()}};
  batch.records.pop_back();
  write_raw(events_topic(), batch);
  log.reset();
  log = open("a");
  EXPECT_EQ(log->tail(0).next, 2u);
  log.reset();
  write_raw(events_topic(), rest);
  log = open("a");
  EXPECT_EQ(log->tail(0).next, 5u);
  EXPECT_EQ(log->tail(0).last_hash, state.last_hash);
}

TEST_F(KafkaLogTest, ForeignRecordsAreVoid) {
  const auto log = open("a");
  write_raw(events_topic(), {0, 0, {Record{"not a header", "not a payload"}}});
  ChainState elsewhere;
  Append other_partition = make_append(1, elsewhere, 1);
  other_partition.partition = 0;
  write_raw(events_topic(), other_partition);
  ASSERT_TRUE(append_events(*log, 0, 1));
  EXPECT_EQ(read_key_ids(*log, 0), expected_key_ids(1));
  EXPECT_EQ(log->stats().records_void, 2u);
}

TEST_F(KafkaLogTest, CopyThatWasDeletedIsReadAgainByteForByte) {
  auto log = open("a");
  for (PartitionId p = 0; p < 2; ++p) ASSERT_TRUE(append_events(*log, p, 200));
  const auto before = all_records(*log, 1);
  log.reset();
  std::filesystem::remove_all(directory_of("a"));
  std::uint64_t total = 0;
  options_.progress = [&](std::uint64_t read, std::uint64_t of) {
    EXPECT_LE(read, of);
    total = of;
  };
  log = open("a");
  EXPECT_EQ(all_records(*log, 1), before);
  EXPECT_EQ(total, 400u);
}

TEST_F(KafkaLogTest, ListenerHearsOfOthersEvents) {
  const auto writer = open("a");
  const auto reader = open("b");
  std::atomic<int> heard = 0;
  reader->listen([&](PartitionId partition) { heard += partition == 1 ? 1 : 100; });
  ASSERT_TRUE(append_events(*writer, 1, 1));
  ASSERT_TRUE(reader->wait(1, 0, kLongMs));
  while (heard == 0) std::this_thread::yield();
  reader->stop_listening();
  EXPECT_EQ(heard, 1);
  ASSERT_TRUE(append_events(*writer, 1, 1));
  ASSERT_TRUE(reader->wait(1, 1, kLongMs));
  EXPECT_EQ(heard, 1);
}

TEST_F(KafkaLogTest, AppendThatEndsInsideABatchIsRefused) {
  const auto log = open("a");
  ChainState state;
  Append torn = make_batch(0, state, 2, "torn_");
  torn.records.pop_back();
  EXPECT_EQ(log->append({&torn, 1}).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(raw_records(events_topic(), 0).empty());
}

TEST_F(KafkaLogTest, LargestRecordsAreKept) {
  const auto log = open("a");
  const std::string padding((std::size_t{16} << 20) - 100, 'x');
  ASSERT_TRUE(append_events(*log, 0, 2, padding));
  EXPECT_EQ(read_key_ids(*open("b"), 0), expected_key_ids(2, padding));
}

TEST_F(KafkaLogTest, AnotherProcessHoldsItsDirectory) {
  const auto log = open("a");
  EXPECT_EQ(try_open("a").error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(KafkaLogTest, CopyOfAnotherTopicIsRefused) {
  open("a").reset();
  options_.kafka.topic_prefix = testing::new_topic_prefix();
  const auto log = try_open("a");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(log.error().hint.find("remove"), std::string::npos);
}

TEST_F(KafkaLogTest, TopicThatLostRecordsIsRefused) {
  auto log = open("a");
  ASSERT_TRUE(append_events(*log, 0, 3));
  log.reset();
  testing::delete_topic(events_topic());
  options_.partitions = 2;
  // The broker lets go of a deleted topic in its own time.
  Result<std::unique_ptr<KafkaLog>> opened = try_open("b");
  while (!opened) opened = try_open("b");
  EXPECT_EQ(try_open("a").error().code, ErrorCode::kDataLoss);
  // As many records, but other ones.
  ASSERT_TRUE(append_events(**opened, 0, 5));
  EXPECT_EQ(try_open("a").error().code, ErrorCode::kDataLoss);
}

TEST_F(KafkaLogTest, AnotherNumberOfPartitionsIsRefused) {
  open("a").reset();
  options_.partitions = 5;
  const auto log = try_open("b");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(log.error().what.find("has 2 partitions, but 5 are configured"), std::string::npos) << log.error().what;
  options_.partitions = 0;
  EXPECT_EQ(open("b")->partitions(), 2u);
}

TEST_F(KafkaLogTest, WrongSettingsOfTheTopicAreRefusedWithWhatToDo) {
  testing::make_topic(events_topic(), 2, {{"retention.ms", "1000"}, {"cleanup.policy", "compact"}});
  const auto log = try_open("a");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(log.error().what.find("cleanup.policy=compact (needed: delete)"), std::string::npos) << log.error().what;
  EXPECT_NE(log.error().what.find("retention.ms=1000 (needed: -1)"), std::string::npos) << log.error().what;
  EXPECT_NE(log.error().hint.find("--add-config cleanup.policy=delete,retention.ms=-1"), std::string::npos)
      << log.error().hint;
}

TEST_F(KafkaLogTest, TopicThatIsMissingIsNotMadeWithoutANumberOfPartitions) {
  options_.partitions = 0;
  EXPECT_EQ(try_open("a").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace keyfold::events
