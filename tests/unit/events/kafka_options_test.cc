#include "events/kafka/kafka_options.h"

#include <gtest/gtest.h>

#include <map>

#include "events/kafka/kafka_vault_store.h"

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

/// Wrong ones are found out before anything is connected to.
Error refusal_of(KafkaOptions options) {
  options.brokers = "127.0.0.1:1";
  const auto store = KafkaVaultStore::open(options);
  EXPECT_FALSE(store);
  return store ? Error{} : store.error();
}

TEST(KafkaProperties, WrongOnesAreRefusedInTheClientsWords) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"no.such.option", "1"}, {"socket.timeout.ms", "soon"}, {"security.protocol", "rot13"}}) {
    const Error error = refusal_of({.properties = {{name, value}}});
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.where, "kafka.properties");
    EXPECT_NE(error.what.find(name), std::string::npos) << error.what;
  }
}

TEST(KafkaProperties, ThatTheLogRestsOnAreNotForOthersToSet) {
  const Error error = refusal_of({.properties = {{"acks", "1"}}});
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.what, "'acks' is set by keyfold itself");
}

TEST(KafkaProperties, PrefixThatKafkaDoesNotTakeIsRefused) {
  for (const std::string prefix : {"", "a b", "a/b", "\xc3\xa4"}) {
    const Error error = refusal_of({.topic_prefix = prefix});
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.where, "kafka.topic_prefix");
  }
  EXPECT_EQ(refusal_of({.topic_prefix = std::string(201, 'a')}).code, ErrorCode::kInvalidArgument);
}

TEST(KafkaProperties, ClusterOutOfReachIsNamedWithTheReason) {
  const Error error = refusal_of({.connect_timeout_ms = 300});
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.where, "127.0.0.1:1");
  EXPECT_NE(error.what.find("Connection refused"), std::string::npos) << error.what;
}

}  // namespace
}  // namespace keyfold::events
