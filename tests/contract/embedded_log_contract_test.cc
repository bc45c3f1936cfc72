#include "events/embedded_log.h"
#include "tests/contract/log_contract.h"
#include "tests/unit/events/sample_log.h"

namespace keyfold::events::contract {
namespace {

class EmbeddedLogUnderTest final : public LogUnderTest {
 public:
  EmbeddedLogUnderTest() { open(); }
  Log& log() override { return *log_; }
  void reopen() override {
    log_.reset();
    open();
  }

 private:
  void open() {
    auto opened = EmbeddedLog::open({.directory = directory_.path(), .partitions = kPartitions});
    if (!opened) throw std::runtime_error(opened.error().to_string());
    log_ = *std::move(opened);
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<EmbeddedLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, LogContract,
                         ::testing::Values(Implementation{"embedded",
                                                          [] { return std::make_unique<EmbeddedLogUnderTest>(); }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace keyfold::events::contract
