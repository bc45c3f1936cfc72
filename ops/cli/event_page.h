#pragma once

#include <string>

#include "events/log.h"

namespace keyfold::ops {

/// Some events of a partition as JSON, one a line.
struct EventPage {
  std::string lines;
  events::Sequence next = 0;  // where the following page begins
};

/// At most `limit` events from `from` on; fewer when their text exceeds 4 MiB, but at least one if there is one.
[[nodiscard]] Result<EventPage> read_event_page(const events::Log& log, events::PartitionId partition,
                                                events::Sequence from, std::size_t limit);

}  // namespace keyfold::ops
