#include "events/kafka/cloud_event.h"

#include "events/stored_record.h"
#include "schemas/base/encoding.h"
#include "schemas/base/time_text.h"

namespace keyfold::events {

CloudEventHeaders cloud_event_headers(const v1::EventHeader& header, std::string_view header_bytes) {
  CloudEventHeaders headers = {
      {"ce_specversion", "1.0"},
      {"ce_id", to_uuid_text(header.event_id())},
      {"ce_source", "/keyfold/" + std::to_string(header.partition())},
      {"ce_type", "keyfold.v1." + header.type()},
      {"ce_time", to_time_text(header.time_ms())},
  };
  if (!header.stream_id().empty()) headers.emplace_back("ce_subject", header.stream_kind() + "/" + header.stream_id());
  if (!header.workspace_id().empty()) headers.emplace_back("ce_workspaceid", header.workspace_id());
  headers.emplace_back("ce_sequence", std::to_string(header.sequence()));
  headers.emplace_back("content-type", "application/protobuf");
  headers.emplace_back(kEnvelopeHeader, header_bytes);
  return headers;
}

bool read_cloud_event(PartitionId partition, RecordView record, v1::EventHeader& header) {
  if (record.header.empty() || record.header.size() > kHeaderBytesMax || record.payload.size() > kPayloadBytesMax) {
    return false;
  }
  return header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size())) &&
         header.partition() == partition && header.payload_hash() == as_view(sha256(record.payload));
}

}  // namespace keyfold::events
