#include "events/kafka/kafka_options.h"

#include <gtest/gtest.h>

namespace keyfold::events {
namespace {

TEST(KafkaUrl, NamesItsBrokers) {
  EXPECT_EQ(brokers_of_url("kafka://localhost:19092").value(), "localhost:19092");
  EXPECT_EQ(brokers_of_url("kafka://k1:9092,k2:9093").value(), "k1:9092,k2:9093");
  EXPECT_EQ(brokers_of_url("kafka://[::1]:9092").value(), "[::1]:9092");
}

TEST(KafkaUrl, HasKafkasPortUnlessItSaysAnother) {
  EXPECT_EQ(brokers_of_url("kafka://k1,k2:1,[::1]").value(), "k1:9092,k2:1,[::1]:9092");
}

TEST(KafkaUrl, IsRefusedWhenItIsSomethingElse) {
  for (const char* url : {"", "kafka://", "kafka:k1", "http://k1:9092", "kafka://k1:", "kafka://k1:x", "kafka://k1,",
                          "kafka://,k1", "kafka://:9092", "kafka://k1:9092/topic", "kafka://user@k1",
                          "kafka://k1:123456", "kafka://[::1", "kafka://k1 "}) {
    const auto brokers = brokers_of_url(url);
    ASSERT_FALSE(brokers) << url;
    EXPECT_EQ(brokers.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace keyfold::events
