#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "keyfold/v1/event.pb.h"
#include "schemas/base/hash.h"
#include "schemas/base/result.h"

namespace keyfold::events {

using PartitionId = std::uint32_t;
/// Dense number of an event in its partition: 0, 1, 2, ...
using Sequence = std::uint64_t;

/// A place in the log that a client may wait for and resume from; written `partition:sequence`.
struct Position {
  PartitionId partition = 0;
  Sequence sequence = 0;
  friend bool operator==(const Position&, const Position&) = default;
};
[[nodiscard]] std::string to_string(const Position& position);

/// The partition that decides everything of a workspace: the first 8 bytes of SHA-256(id), big endian, modulo
/// `partitions`.
[[nodiscard]] PartitionId partition_of(std::string_view workspace_id, std::uint32_t partitions);

/// An event as the log keeps it: the serialized header (the audit leaf) and the serialized payload.
struct Record {
  std::string header;
  std::string payload;
};
/// The same, pointing into a log's buffer.
struct RecordView {
  std::string_view header;
  std::string_view payload;
};

/// An event as code sees it.
struct Event {
  v1::EventHeader header;
  v1::Payload payload;
};

/// RFC 6962 leaf hash of a serialized header: SHA-256(0x00 || header).
[[nodiscard]] Digest leaf_hash(std::string_view header);

/// The payload's message name ("KeyCreated"), or empty when none is set.
[[nodiscard]] std::string_view type_name(const v1::Payload& payload);

/// Serializes; sets the header's `type` and `payload_hash`. Everything else must be filled in. What clients sent into
/// the header (request id, causation id, remote ip, user agent) is made UTF-8; text in the payload must be UTF-8
/// already, because nothing else can be read back.
[[nodiscard]] Record encode(v1::EventHeader& header, const v1::Payload& payload);

/// Parses into `event` (reused for speed: its old content is cleared), checks the payload's hash, and lifts payloads
/// of older schema versions to today's form. kDataLoss with the position when the bytes are damaged; an event type
/// that this build does not know is kFailedPrecondition (a newer keyfold wrote it).
[[nodiscard]] Status decode(RecordView record, Event& event);

/// The event as one line of JSON: the header's fields by their JSON names, binary ones as hex, empty texts left out,
/// and `payload` by protobuf's JSON mapping (64-bit numbers as strings, bytes as base64, defaults left out).
[[nodiscard]] std::string to_json(const Event& event);

/// Version of every payload schema that this build writes.
inline constexpr std::uint32_t kSchemaVersion = 1;

}  // namespace keyfold::events
