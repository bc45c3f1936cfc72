#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/event.h"

// How an event stands in a Kafka record: the CloudEvents 1.0 Kafka binding in binary mode. The record's value is the
// serialized Payload; its headers are the attributes below and, under `keyfold-header`, the serialized EventHeader,
// which alone counts for keyfold. A consumer needs nothing but the .proto files.
namespace keyfold::events {

inline constexpr const char* kEnvelopeHeader = "keyfold-header";

using CloudEventHeaders = std::vector<std::pair<const char*, std::string>>;
/// All headers of the record, by their names.
[[nodiscard]] CloudEventHeaders cloud_event_headers(const v1::EventHeader& header, std::string_view header_bytes);

/// Whether the bytes are an event of this partition: the envelope can be parsed into `header`, is of this partition,
/// and the payload has its hash. What is none is void, for every reader alike. Pure.
[[nodiscard]] bool read_cloud_event(PartitionId partition, RecordView record, v1::EventHeader& header);

}  // namespace keyfold::events
