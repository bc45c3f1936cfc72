#include "ops/cli/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace keyfold::ops {

void start_logging(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("keyfold", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

events::KafkaLogSink kafka_log_sink() {
  return [](events::KafkaLogLevel level, std::string_view text) {
    switch (level) {
      case events::KafkaLogLevel::kError:
        return spdlog::error("kafka: {}", text);
      case events::KafkaLogLevel::kWarning:
        return spdlog::warn("kafka: {}", text);
      case events::KafkaLogLevel::kInfo:
        return spdlog::info("kafka: {}", text);
      case events::KafkaLogLevel::kDebug:
        return spdlog::debug("kafka: {}", text);
    }
  };
}

}  // namespace keyfold::ops
