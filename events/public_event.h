#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"

/// Events as people outside the process see them: subscribers, webhooks and auditors of a workspace.
namespace keyfold::events {

/// Whether anybody outside sees events of this kind; the others are keyfold's own bookkeeping (`is_internal` in the
/// schema).
[[nodiscard]] bool is_public(const v1::Payload& payload);

/// Names of all public event types, in the order of the schema.
[[nodiscard]] const std::vector<std::string>& public_types();

/// Appends the event's public form, one line of JSON whose members docs/events.md lists; they only grow:
///   id, type, timestamp (RFC 3339, UTC), position, workspaceId, resource {kind, id}, principal {type, id, name},
///   requestId, correlationId, remoteIp, userAgent, data
/// `data` holds the payload's fields in camelCase: whole numbers as numbers, lists always, texts unless they are empty;
/// a field that an update may clear is the new value or null; `..._json` is the JSON itself, without the suffix;
/// `..._at_ms` is Unix milliseconds, without `_ms`, and left out when 0. Hidden fields (hashes, ciphertext) are left
/// out.
void append_public_json(std::string& out, const Event& event);
/// Any message in the form of `data`.
void append_public_json(std::string& out, const google::protobuf::Message& message);

/// The field's name there; empty for a hidden one.
[[nodiscard]] std::string public_name(const google::protobuf::FieldDescriptor& field);

/// Which events somebody wants. Every member that is set must match.
struct EventFilter {
  std::string workspace_id;        // required: nobody sees another workspace's events
  std::vector<std::string> types;  // type names, in which `*` stands for any run of characters; none: every type
  std::string resource_kind;       // e.g. "key"
  std::string resource_id;

  /// Never an internal event. Pure.
  [[nodiscard]] bool matches(const Event& event) const;
};

/// Whether some public type matches the pattern; one that matches none is a mistake.
[[nodiscard]] bool is_known_type_pattern(std::string_view pattern);

}  // namespace keyfold::events
