#include <cstdlib>

#include "schemas/base/random.h"
#include "tests/kafka/kafka_broker.h"
#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

using keyfold::testing::KafkaBroker;
using keyfold::testing::KafkaBrokerOptions;
using testing::append_events;
using testing::expected_key_ids;
using testing::read_key_ids;

/// A broker that asks for a client's certificate at one port, and for a name and a password at another.
class KafkaTlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<testing::TemporaryDirectory>();
    certificates_ = directory_->path() / "certificates";
    const std::string command = KEYFOLD_MAKE_CERTIFICATES " '" + certificates_.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    for (int tries = 0; broker_ == nullptr; ++tries) {
      std::array<std::uint8_t, 2> random{};
      fill_random(random);
      // Below what outgoing connections get; the broker takes the first two for itself.
      const int port = 20'000 + (random[0] << 8 | random[1]) % 3'000 * 4;
      try {
        broker_ = std::make_unique<KafkaBroker>(directory_->path() / std::to_string(port),
                                                KafkaBrokerOptions{.port = port, .properties = listeners(port)});
        mutual_tls_ = address(port + 2);
        password_ = address(port + 3);
      } catch (const std::exception&) {
        ASSERT_LT(tries, 3);
      }
    }
  }
  static void TearDownTestSuite() {
    broker_.reset();
    directory_.reset();
  }

  static std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }

  static std::vector<std::string> listeners(int port) {
    const std::string ports =
        "MUTUAL://" + address(port + 2) + ",PASSWORD://" + address(port + 3) + ",PLAINTEXT://" + address(port);
    const std::string password =
        "org.apache.kafka.common.security.plain.PlainLoginModule required user_keyfold=\"right\";";
    std::vector<std::string> properties = {
        "listeners=" + ports + ",CONTROLLER://" + address(port + 1),
        "advertised.listeners=" + ports,
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,MUTUAL:SSL,PASSWORD:SASL_SSL",
        "listener.name.mutual.ssl.client.auth=required",
        "sasl.enabled.mechanisms=PLAIN",
        "listener.name.password.plain.sasl.jaas.config=" + password};
    for (const std::string name : {"mutual", "password"}) {
      const std::string prefix = "listener.name." + name + ".ssl.";
      properties.push_back(prefix + "keystore.type=PEM");
      properties.push_back(prefix + "keystore.location=" + (certificates_ / "server.pem").string());
      properties.push_back(prefix + "truststore.type=PEM");
      properties.push_back(prefix + "truststore.location=" + (certificates_ / "ca.pem").string());
    }
    return properties;
  }

  static KafkaLogOptions options(const std::string& brokers, std::map<std::string, std::string> properties) {
    KafkaLogOptions options{.kafka = testing::kafka_options("keyfold"), .partitions = 1};
    options.kafka.brokers = brokers;
    options.kafka.topic_prefix = testing::new_topic_prefix();
    options.kafka.properties = std::move(properties);
    options.kafka.properties["ssl.ca.location"] = certificates_ / "ca.pem";
    options.directory = directory_->path() / options.kafka.topic_prefix;
    return options;
  }
  static KafkaLogOptions with_certificate() {
    return options(mutual_tls_, {{"security.protocol", "ssl"},
                                 {"ssl.certificate.location", certificates_ / "client.pem"},
                                 {"ssl.key.location", certificates_ / "client.key"}});
  }
  static KafkaLogOptions with_password(const std::string& password) {
    return options(password_, {{"security.protocol", "sasl_ssl"},
                               {"sasl.mechanisms", "PLAIN"},
                               {"sasl.username", "keyfold"},
                               {"sasl.password", password}});
  }

  static void expect_to_work(KafkaLogOptions options) {
    const auto log = KafkaLog::open(std::move(options));
    ASSERT_TRUE(log) << log.error().to_string();
    ASSERT_TRUE(append_events(**log, 0, 3));
    EXPECT_EQ(read_key_ids(**log, 0), expected_key_ids(3));
  }
  static Error refusal_of(KafkaLogOptions options) {
    options.kafka.connect_timeout_ms = 2'000;
    const auto log = KafkaLog::open(std::move(options));
    EXPECT_FALSE(log);
    return log ? Error{} : log.error();
  }

  static inline std::unique_ptr<testing::TemporaryDirectory> directory_;
  static inline std::filesystem::path certificates_;
  static inline std::unique_ptr<KafkaBroker> broker_;
  static inline std::string mutual_tls_;
  static inline std::string password_;
};

TEST_F(KafkaTlsTest, LogWorksWithMutualTls) { expect_to_work(with_certificate()); }

TEST_F(KafkaTlsTest, LogWorksWithAPasswordOverTls) { expect_to_work(with_password("right")); }

TEST_F(KafkaTlsTest, ClientWithoutACertificateIsToldSo) {
  KafkaLogOptions options = with_certificate();
  options.kafka.properties.erase("ssl.certificate.location");
  options.kafka.properties.erase("ssl.key.location");
  const Error error = refusal_of(std::move(options));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_NE(error.what.find("SSL"), std::string::npos) << error.what;
}

TEST_F(KafkaTlsTest, WrongPasswordIsToldSo) {
  const Error error = refusal_of(with_password("wrong"));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_NE(error.what.find("Authentication failed"), std::string::npos) << error.what;
}

TEST_F(KafkaTlsTest, BrokerOfAnotherAuthorityIsNotTrusted) {
  KafkaLogOptions options = with_password("right");
  options.kafka.properties.erase("ssl.ca.location");
  const Error error = refusal_of(std::move(options));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_NE(error.what.find("certificate"), std::string::npos) << error.what;
}

TEST_F(KafkaTlsTest, KeyFileThatIsMissingIsRefusedAtOnce) {
  KafkaLogOptions options = with_certificate();
  options.kafka.properties["ssl.key.location"] = certificates_ / "nothing.key";
  const auto log = KafkaLog::open(std::move(options));
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(log.error().what.find("ssl.key.location"), std::string::npos) << log.error().what;
}

}  // namespace
}  // namespace keyfold::events
