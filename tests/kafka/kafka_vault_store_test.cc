#include "events/kafka/kafka_vault_store.h"

#include <thread>

#include "events/kafka/kafka_client.h"
#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

class KafkaVaultStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<KafkaVaultStore> open() {
    auto store = KafkaVaultStore::open(options_);
    if (!store) throw std::runtime_error(store.error().to_string());
    return *std::move(store);
  }

  const KafkaOptions options_ = testing::kafka_options(testing::new_topic_prefix());
  const std::string topic_ = options_.topic_prefix + ".vault";
};

TEST_F(KafkaVaultStoreTest, EntryIsReadBackAndErased) {
  const auto store = open();
  EXPECT_EQ(store->get("a").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(store->put("a", std::string("1\0x", 3)));
  EXPECT_EQ(store->get("a").value(), std::string("1\0x", 3));
  ASSERT_TRUE(store->put("a", "2"));
  EXPECT_EQ(store->get("a").value(), "2");
  ASSERT_TRUE(store->erase("a"));
  EXPECT_EQ(store->get("a").error().code, ErrorCode::kNotFound);
}

TEST_F(KafkaVaultStoreTest, EmptyValueIsAnEntry) {
  const auto store = open();
  ASSERT_TRUE(store->put("a", {}));
  EXPECT_EQ(store->get("a").value(), "");
}

TEST_F(KafkaVaultStoreTest, ErasingWhatIsAbsentSucceeds) { EXPECT_TRUE(open()->erase("a")); }

TEST_F(KafkaVaultStoreTest, WhatAnotherProcessPutIsFoundAtOnce) {
  const auto writer = open();
  const auto reader = open();
  for (int i = 0; i < 20; ++i) {
    const std::string key = "key_" + std::to_string(i);
    ASSERT_TRUE(writer->put(key, "value"));
    EXPECT_EQ(reader->get(key).value(), "value");
  }
  ASSERT_TRUE(writer->erase("key_3"));
  EXPECT_EQ(reader->list("key_").value().size(), 19u);
}

TEST_F(KafkaVaultStoreTest, ListGoesInKeyOrderFromWhereItIsAsked) {
  const auto store = open();
  for (const char* key : {"b/2", "a/1", "b/1", "b/3", "c/1"}) ASSERT_TRUE(store->put(key, key));
  EXPECT_EQ(store->list("b/").value(), (Entries{{"b/1", "b/1"}, {"b/2", "b/2"}, {"b/3", "b/3"}}));
  EXPECT_EQ(store->list("b/", "b/2", 1).value(), (Entries{{"b/2", "b/2"}}));
  EXPECT_EQ(store->list("b/", "a").value().size(), 3u);
  EXPECT_TRUE(store->list("d").value().empty());
}

TEST_F(KafkaVaultStoreTest, EntriesAreThereAfterAnotherStart) {
  auto store = open();
  ASSERT_TRUE(store->put("a", "1"));
  ASSERT_TRUE(store->put("b", "2"));
  ASSERT_TRUE(store->erase("a"));
  store.reset();
  EXPECT_EQ(open()->list("").value(), (Entries{{"b", "2"}}));
}

TEST_F(KafkaVaultStoreTest, TopicThatKeepsWhatIsErasedIsRefused) {
  testing::make_topic(topic_, 1, {{"cleanup.policy", "compact,delete"}});
  const auto store = KafkaVaultStore::open(options_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_NE(store.error().what.find("max.compaction.lag.ms"), std::string::npos) << store.error().what;
}

TEST_F(KafkaVaultStoreTest, ErasedBytesVanishFromTheBroker) {
  testing::make_topic(topic_, 1,
                      {{"cleanup.policy", "compact"},
                       {"message.timestamp.type", "LogAppendTime"},
                       {"segment.ms", "100"},
                       {"max.compaction.lag.ms", "100"},
                       {"min.cleanable.dirty.ratio", "0.01"}});
  const auto store = open();
  ASSERT_TRUE(store->put("a", "secret"));
  ASSERT_TRUE(store->erase("a"));
  const auto is_there = [&] {
    const auto records = testing::raw_records(topic_, 0);
    return std::any_of(records.begin(), records.end(), [](const auto& record) { return record.value == "secret"; });
  };
  EXPECT_TRUE(is_there());
  // A record that comes after the segment's time makes the broker begin another one, and compact the old.
  const Deadline deadline(60'000);
  while (is_there() && !deadline.is_over()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ASSERT_TRUE(store->put("b", "filler"));
  }
  EXPECT_FALSE(is_there());
  EXPECT_EQ(open()->list("").value(), (Entries{{"b", "filler"}}));
}

}  // namespace
}  // namespace keyfold::events
