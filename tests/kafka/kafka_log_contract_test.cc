#include "tests/contract/log_contract.h"
#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events::contract {
namespace {

class KafkaLogUnderTest final : public LogUnderTest {
 public:
  KafkaLogUnderTest() { open(); }
  Log& log() override { return *log_; }
  void reopen() override {
    log_.reset();
    open();
  }

 private:
  void open() {
    auto opened = KafkaLog::open({.kafka = options_, .directory = directory_.path(), .partitions = kPartitions});
    if (!opened) throw std::runtime_error(opened.error().to_string());
    log_ = *std::move(opened);
  }

  const KafkaOptions options_ = testing::kafka_options(testing::new_topic_prefix());
  testing::TemporaryDirectory directory_;
  std::unique_ptr<KafkaLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Kafka, LogContract,
                         ::testing::Values(Implementation{"kafka", [] { return std::make_unique<KafkaLogUnderTest>(); },
                                                          Implementation::Together::kRefused}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace keyfold::events::contract
