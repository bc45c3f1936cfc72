#include "gateway/api/audit/history_reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "gateway/api/call_reader.h"
#include "gateway/api/nearest_name.h"
#include "projections/audit_store.h"
#include "schemas/base/time_text.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kPermission = "event.*.read_event";
constexpr std::int64_t kWaitMs = 5'000;

ApiError not_understood(const char* member, const std::string& text) {
  const std::string what = "body." + std::string(member) + ": \"" + text + "\" is no time and no position";
  return invalid_input(what + ".",
                       {{"/properties/" + std::string(member), what,
                         "Give 2026-11-26T02:11:15Z, 2026-11-26, Unix milliseconds, or partition:sequence"}});
}

ApiError unknown_kind(const std::string& kind) {
  const auto& kinds = projections::resource_kinds();
  const std::vector<std::string_view> known(kinds.begin(), kinds.end());
  const std::string_view near = nearest_name(kind, known);
  const std::string what = "body.resource.kind: there is no kind \"" + kind + "\"";
  const std::string fix = near.empty() ? "Use the `kind` that the events of the resource show"
                                       : "Did you mean \"" + std::string(near) + "\"?";
  return invalid_input(what + ".", {{"/properties/resource/properties/kind", what, fix}});
}

}  // namespace

HistoryReader::HistoryReader(const Call& call, const Services& services)
    : call_(&call), services_(&services), partition_(call.principal->partition) {}

Answered<HistoryReader> HistoryReader::open(const Call& call, const Services& services) {
  if (!call.may({{std::string(kPermission), {}}})) return refuse(missing_permission(kPermission));
  HistoryReader reader(call, services);
  reader.end_ = services.projections.next(reader.partition_);
  if (reader.end_ > 0 && !services.audit.wait({reader.partition_, reader.end_ - 1}, kWaitMs)) {
    return refuse(overloaded("The history is a moment behind. Try again."));
  }
  return reader;
}

Answered<std::optional<events::Sequence>> HistoryReader::sequence_of(const char* member, Side side) const {
  const nlohmann::json* value = call_->find(member);
  if (value == nullptr) return std::nullopt;
  const std::string text = value->is_string() ? value->get<std::string>() : value->dump();
  const std::uint64_t past = side == Side::kAfter ? 1 : 0;
  if (const auto position = parse_position(text)) {
    if (position->partition != partition_) {
      return refuse(invalid_input("`" + std::string(member) + "` is a position of partition " +
                                  std::to_string(position->partition) + ", but this workspace is in partition " +
                                  std::to_string(partition_) + "."));
    }
    return position->sequence >= end_ ? end_ : position->sequence + past;
  }
  const auto time_ms = parse_time(text);
  if (!time_ms) return refuse(not_understood(member, text));
  const auto first = services_->audit.first_at_or_after(partition_, *time_ms + static_cast<std::int64_t>(past));
  if (!first) return refuse(unreadable_history(first.error()));
  return std::min(*first, end_);
}

Answered<std::optional<events::Sequence>> HistoryReader::first_not_before(const char* member) const {
  return sequence_of(member, Side::kNotBefore);
}
Answered<std::optional<events::Sequence>> HistoryReader::first_after(const char* member) const {
  return sequence_of(member, Side::kAfter);
}

std::string HistoryReader::to_cursor(events::Sequence sequence) const {
  return to_string(events::Position{partition_, sequence});
}

Answered<std::optional<events::Sequence>> HistoryReader::cursor() const {
  const nlohmann::json* value = call_->find("cursor");
  if (value == nullptr) return std::nullopt;
  const auto position = parse_position(value->get_ref<const std::string&>());
  if (!position || position->partition != partition_) {
    return refuse(invalid_input("`cursor` is not one that this operation gave out for this workspace."));
  }
  return position->sequence;
}

Answered<projections::ResourceId> HistoryReader::resource() const {
  const nlohmann::json& value = *call_->find("resource");
  projections::ResourceId resource{value.at("kind").get<std::string>(), value.at("id").get<std::string>()};
  if (std::ranges::find(projections::resource_kinds(), resource.kind) == projections::resource_kinds().end()) {
    return refuse(unknown_kind(resource.kind));
  }
  return resource;
}

std::optional<ApiError> HistoryReader::read(events::Sequence sequence, events::Event& event) const {
  Status decoded =
      fail(ErrorCode::kDataLoss, "the event is not there", to_string(events::Position{partition_, sequence}));
  const auto read = services_->log.read(partition_, sequence, 1, [&](events::Sequence, events::RecordView record) {
    decoded = events::decode(record, event);
    return false;
  });
  if (!read) return unreadable_history(read.error());
  if (!decoded) return unreadable_history(decoded.error());
  return std::nullopt;
}

Answered<std::shared_ptr<const projections::AsOfView>> HistoryReader::view(events::Sequence end) const {
  auto view = services_->as_of.at(partition_, end);
  if (!view) return refuse(unreadable_history(view.error()));
  return *std::move(view);
}

ApiError unreadable_history(const Error& error) {
  spdlog::error("the history can't be read: {}", error.to_string());
  return unexpected_error();
}

std::string resource_json(const projections::ResourceId& resource) {
  return Json{{"kind", resource.kind}, {"id", resource.id}}.dump();
}

std::string change_json(const projections::ResourceChange& change) {
  using Kind = projections::ResourceChange::Kind;
  const char* kind = change.kind == Kind::kCreated ? "created" : change.kind == Kind::kDeleted ? "deleted" : "updated";
  std::string json =
      R"({"change":")" + std::string(kind) + R"(","resource":)" + resource_json(change.resource) + R"(,"members":{)";
  bool first = true;
  for (const auto& [name, values] : change.members) {
    if (!first) json += ',';
    first = false;
    json.append("\"").append(name).append(R"(":{"from":)").append(values.from).append(R"(,"to":)");
    json.append(values.to).append("}");
  }
  return json + "}}";
}

}  // namespace keyfold::api
