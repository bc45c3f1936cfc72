#pragma once

#include <string>

namespace keyfold::golden {

/// docs/events.md as today's schemas say it: every event type with its fields and the comments of the schema.
/// `descriptors` is a serialized FileDescriptorSet with source locations, as protoc writes it.
[[nodiscard]] std::string event_catalogue(const std::string& descriptors);

}  // namespace keyfold::golden
