#include "events/event.h"

#include <google/protobuf/util/json_util.h>
#include <simdjson.h>

#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "schemas/base/encoding.h"

namespace keyfold::events {
namespace {

constexpr std::string_view kDamageHint = "restore the log from a backup or a replica";

Position position_of(const v1::EventHeader& header) { return {header.partition(), header.sequence()}; }

bool is_readable(const std::string& text) { return text.empty() || simdjson::validate_utf8(text); }

std::string readable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

/// A client's words may hold any byte, but text that is not UTF-8 can't be read back from a proto3 string.
void make_readable(v1::EventHeader& header) {
  if (!is_readable(header.request_id())) header.set_request_id(readable(header.request_id()));
  if (!is_readable(header.causation_id())) header.set_causation_id(readable(header.causation_id()));
  if (!is_readable(header.remote_ip())) header.set_remote_ip(readable(header.remote_ip()));
  if (!is_readable(header.user_agent())) header.set_user_agent(readable(header.user_agent()));
}

std::string payload_json(const v1::Payload& payload) {
  if (payload.event_case() == v1::Payload::EVENT_NOT_SET) return "null";
  const auto* field = v1::Payload::descriptor()->FindFieldByNumber(payload.event_case());
  const google::protobuf::Message& message = payload.GetReflection()->GetMessage(payload, field);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "null";
  // Only an event that was never decoded can hold text that is not UTF-8, which the mapping passes on unescaped.
  return is_readable(json) ? json : "null";
}

nlohmann::ordered_json principal_json(const v1::Principal& principal) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["type"] = v1::Principal::Type_IsValid(principal.type()) ? v1::Principal::Type_Name(principal.type())
                                                               : std::to_string(principal.type());
  if (!principal.id().empty()) json["id"] = principal.id();
  if (!principal.name().empty()) json["name"] = principal.name();
  return json;
}

}  // namespace

std::string to_string(const Position& position) {
  return std::to_string(position.partition) + ":" + std::to_string(position.sequence);
}

PartitionId partition_of(std::string_view workspace_id, std::uint32_t partitions) {
  const Digest digest = sha256(workspace_id);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | digest[i];
  return static_cast<PartitionId>(number % partitions);
}

Digest leaf_hash(std::string_view header) { return sha256({std::string_view("\0", 1), header}); }

std::string_view type_name(const v1::Payload& payload) {
  // By field number, so that the hot path never asks the descriptor pool.
  static const std::vector<std::string_view> names = [] {
    const auto* oneof = v1::Payload::descriptor()->FindOneofByName("event");
    std::vector<std::string_view> by_number(1);
    for (int i = 0; i < oneof->field_count(); ++i) {
      const auto number = static_cast<std::size_t>(oneof->field(i)->number());
      if (by_number.size() <= number) by_number.resize(number + 1);
      by_number[number] = oneof->field(i)->message_type()->name();
    }
    return by_number;
  }();
  return names[static_cast<std::size_t>(payload.event_case())];
}

Record encode(v1::EventHeader& header, const v1::Payload& payload) {
  Record record;
  make_readable(header);
  const std::string_view type = type_name(payload);
  header.set_type(type.data(), type.size());
  const bool payload_fits = payload.SerializeToString(&record.payload);
  const Digest hash = sha256(record.payload);
  header.set_payload_hash(hash.data(), hash.size());
  // Only a message beyond 2 GiB can't be serialized; requests end at megabytes.
  if (!payload_fits || !header.SerializeToString(&record.header)) std::abort();
  return record;
}

Status decode(RecordView record, Event& event) {
  v1::EventHeader& header = event.header;
  event.payload.Clear();
  if (record.header.size() > INT_MAX || record.payload.size() > INT_MAX ||
      !header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()))) {
    return fail(ErrorCode::kDataLoss, "the header of an event is damaged", "after " + to_string(position_of(header)),
                std::string(kDamageHint));
  }
  const Digest hash = sha256(record.payload);
  if (header.payload_hash() != as_view(hash)) {
    return fail(ErrorCode::kDataLoss, "the payload of an event does not match its hash", to_string(position_of(header)),
                std::string(kDamageHint));
  }
  const auto newer = [&header](const std::string& what) {
    return fail(ErrorCode::kFailedPrecondition, what + " was written by a newer keyfold",
                to_string(position_of(header)), "run that version or a later one");
  };
  if (header.schema_version() > kSchemaVersion) {
    return newer("an event of schema version " + std::to_string(header.schema_version()) + " (this build reads up to " +
                 std::to_string(kSchemaVersion) + ")");
  }
  if (!event.payload.ParseFromArray(record.payload.data(), static_cast<int>(record.payload.size()))) {
    return fail(ErrorCode::kDataLoss, "the payload of an event can't be parsed", to_string(position_of(header)),
                std::string(kDamageHint));
  }
  // The first schema that needs it lifts older payloads here, by a switch over header.schema_version().
  if (event.payload.event_case() == v1::Payload::EVENT_NOT_SET) {
    return newer("an event of the unknown type \"" + header.type() + "\"");
  }
  if (header.type() != type_name(event.payload)) {
    return fail(ErrorCode::kDataLoss,
                "an event is named \"" + header.type() + "\" but holds " + std::string(type_name(event.payload)),
                to_string(position_of(header)), std::string(kDamageHint));
  }
  return {};
}

std::string to_json(const Event& event) {
  const v1::EventHeader& header = event.header;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const auto text = [&json](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  text("eventId", to_uuid_text(header.event_id()));
  text("type", header.type());
  json["schemaVersion"] = header.schema_version();
  text("workspaceId", header.workspace_id());
  text("streamKind", header.stream_kind());
  text("streamId", header.stream_id());
  json["partition"] = header.partition();
  json["sequence"] = header.sequence();
  json["epoch"] = header.epoch();
  text("previousHash", to_hex(header.previous_hash()));
  json["batchIndex"] = header.batch_index();
  json["batchSize"] = header.batch_size();
  json["timeMs"] = header.time_ms();
  if (header.has_principal()) json["principal"] = principal_json(header.principal());
  text("requestId", header.request_id());
  text("causationId", header.causation_id());
  text("remoteIp", header.remote_ip());
  text("userAgent", header.user_agent());
  text("payloadHash", to_hex(header.payload_hash()));
  // An event that was never encoded may hold text that is not UTF-8: shown with replacement characters.
  std::string line = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  line.pop_back();
  line.append(",\"payload\":").append(payload_json(event.payload)).append("}");
  return line;
}

}  // namespace keyfold::events
