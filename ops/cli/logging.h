#pragma once

#include <string>

#include "events/kafka/kafka_options.h"

namespace keyfold::ops {

/// Sends the program's own log to standard error from `level` on (debug, info, warn, error, off).
void start_logging(const std::string& level);

/// Takes the Kafka client's words into the program's own log.
[[nodiscard]] events::KafkaLogSink kafka_log_sink();

}  // namespace keyfold::ops
