#pragma once

#include <string>

#include "events/usage_log.h"

namespace keyfold::ops {

/// Some batches of the usage stream as JSON, one usage event a line: `sequence` of its batch, `type` (the message's
/// name), `payload` by protobuf's JSON mapping.
struct UsagePage {
  std::string lines;
  events::Sequence next = 0;  // where the following page begins
};

/// At most `limit` batches from `from` on, or from the first that is kept; fewer when their text exceeds 4 MiB, but at
/// least one if there is one.
[[nodiscard]] Result<UsagePage> read_usage_page(const events::UsageLog& log, events::Sequence from, std::size_t limit);

}  // namespace keyfold::ops
