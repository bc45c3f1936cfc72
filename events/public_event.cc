#include "events/public_event.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keyfold/v1/options.pb.h"
#include "schemas/base/encoding.h"
#include "schemas/base/time_text.h"
#include "schemas/base/wildcard.h"

namespace keyfold::events {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::string_view kJsonSuffix = "_json";

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_time(const FieldDescriptor& field) { return field.name().ends_with("_at_ms"); }
bool is_hidden(const FieldDescriptor& field) { return field.options().GetExtension(v1::is_hidden); }
bool is_json_text(const FieldDescriptor& field) { return field.name().ends_with(kJsonSuffix); }

void append_message(std::string& out, const Message& message);
void append_list(std::string& out, const Message& message, const FieldDescriptor& field);

/// A message that only wraps one field, so that it can be absent, empty or cleared.
bool is_wrapper(const Message& message) { return message.GetDescriptor()->field_count() == 1; }

void append_text(std::string& out, const std::string& text, bool is_json) {
  out += is_json && nlohmann::json::accept(text) ? text : quoted(text);
}

constexpr int kSingle = -1;

/// The field's element at `index`, or its value with kSingle.
void append_value(std::string& out, const Message& message, const FieldDescriptor& field, int index, bool is_json) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = index != kSingle;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      out += std::to_string(repeated ? reflection.GetRepeatedInt32(message, &field, index)
                                     : reflection.GetInt32(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      out += std::to_string(repeated ? reflection.GetRepeatedInt64(message, &field, index)
                                     : reflection.GetInt64(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      out += std::to_string(repeated ? reflection.GetRepeatedUInt32(message, &field, index)
                                     : reflection.GetUInt32(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      out += std::to_string(repeated ? reflection.GetRepeatedUInt64(message, &field, index)
                                     : reflection.GetUInt64(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out += (repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field))
                 ? "true"
                 : "false";
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      out += "null";  // no event has one; a test keeps it so
      return;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value =
          repeated ? reflection.GetRepeatedEnum(message, &field, index) : reflection.GetEnum(message, &field);
      out += quoted(value->name());
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
      if (field.type() == FieldDescriptor::TYPE_BYTES) return append_text(out, to_base64(text), false);
      return append_text(out, text, is_json || is_json_text(field));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& inner =
          repeated ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field);
      if (!is_wrapper(inner)) return append_message(out, inner);
      const FieldDescriptor& wrapped = *inner.GetDescriptor()->field(0);
      if (wrapped.is_repeated()) return append_list(out, inner, wrapped);
      if (inner.GetReflection()->HasField(inner, &wrapped)) {
        return append_value(out, inner, wrapped, kSingle, is_json_text(field));
      }
      out += "null";
      return;
    }
  }
}

void append_list(std::string& out, const Message& message, const FieldDescriptor& field) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  out += '[';
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    append_value(out, message, field, i, false);
  }
  out += ']';
}

bool is_shown(const Message& message, const FieldDescriptor& field) {
  if (is_hidden(field)) return false;
  if (field.is_repeated()) return true;
  const bool may_be_absent =
      field.has_presence() || field.cpp_type() == FieldDescriptor::CPPTYPE_STRING || is_time(field);
  return !may_be_absent || message.GetReflection()->HasField(message, &field);
}

void append_message(std::string& out, const Message& message) {
  out += '{';
  bool first = true;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!is_shown(message, field)) continue;
    if (!first) out += ',';
    first = false;
    out.append("\"").append(public_name(field)).append("\":");
    if (field.is_repeated()) {
      append_list(out, message, field);
    } else {
      append_value(out, message, field, kSingle, false);
    }
  }
  out += '}';
}

const FieldDescriptor* event_field(const v1::Payload& payload) {
  return v1::Payload::descriptor()->FindFieldByNumber(payload.event_case());
}

bool is_public(const FieldDescriptor& event_field) { return !event_field.options().GetExtension(v1::is_internal); }

void append_member(std::string& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":").append(quoted(value));
}

std::string name_of(v1::Principal::Type type) {
  switch (type) {
    case v1::Principal::ROOT_KEY:
      return "rootKey";
    case v1::Principal::USER:
      return "user";
    case v1::Principal::PORTAL_END_USER:
      return "portalEndUser";
    default:
      return "system";
  }
}

}  // namespace

std::string public_name(const FieldDescriptor& field) {
  if (is_hidden(field)) return {};
  const std::string& name = field.json_name();
  if (is_json_text(field)) return name.substr(0, name.size() - (kJsonSuffix.size() - 1));
  if (is_time(field)) return name.substr(0, name.size() - 2);
  return name;
}

bool is_public(const v1::Payload& payload) {
  const FieldDescriptor* field = event_field(payload);
  return field != nullptr && is_public(*field);
}

const std::vector<std::string>& public_types() {
  static const std::vector<std::string> types = [] {
    std::vector<std::string> names;
    const auto* oneof = v1::Payload::descriptor()->FindOneofByName("event");
    for (int i = 0; i < oneof->field_count(); ++i) {
      if (is_public(*oneof->field(i))) names.push_back(oneof->field(i)->message_type()->name());
    }
    return names;
  }();
  return types;
}

void append_public_json(std::string& out, const Event& event) {
  const v1::EventHeader& header = event.header;
  out.append("{\"id\":\"").append(to_uuid_text(header.event_id())).append("\"");
  append_member(out, "type", header.type());
  append_member(out, "timestamp", to_time_text(header.time_ms()));
  append_member(out, "position", to_string(Position{header.partition(), header.sequence()}));
  append_member(out, "workspaceId", header.workspace_id());
  out.append(",\"resource\":{\"kind\":").append(quoted(header.stream_kind()));
  out.append(",\"id\":").append(quoted(header.stream_id())).append("}");
  out.append(",\"principal\":{\"type\":\"").append(name_of(header.principal().type())).append("\"");
  append_member(out, "id", header.principal().id());
  append_member(out, "name", header.principal().name());
  out += '}';
  append_member(out, "requestId", header.request_id());
  append_member(out, "correlationId", header.causation_id());
  append_member(out, "remoteIp", header.remote_ip());
  append_member(out, "userAgent", header.user_agent());
  out += ",\"data\":";
  if (const FieldDescriptor* field = event_field(event.payload)) {
    append_message(out, event.payload.GetReflection()->GetMessage(event.payload, field));
  } else {
    out += "{}";
  }
  out += '}';
}

void append_public_json(std::string& out, const Message& message) { append_message(out, message); }

bool EventFilter::matches(const Event& event) const {
  const v1::EventHeader& header = event.header;
  if (header.workspace_id() != workspace_id) return false;
  if (!resource_kind.empty() && header.stream_kind() != resource_kind) return false;
  if (!resource_id.empty() && header.stream_id() != resource_id) return false;
  const auto names = [&header](const std::string& pattern) { return matches_wildcard(pattern, header.type()); };
  if (!types.empty() && std::ranges::none_of(types, names)) return false;
  return is_public(event.payload);
}

bool is_known_type_pattern(std::string_view pattern) {
  return std::ranges::any_of(public_types(),
                             [pattern](const std::string& type) { return matches_wildcard(pattern, type); });
}

}  // namespace keyfold::events
