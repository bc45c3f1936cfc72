#include "gateway/api/event/subscribe.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "events/public_event.h"
#include "gateway/api/access_log.h"
#include "gateway/api/elapsed.h"
#include "gateway/api/nearest_name.h"
#include "gateway/api/query_parameters.h"
#include "gateway/subscriptions/event_text.h"
#include "gateway/subscriptions/hub.h"
#include "schemas/base/time_text.h"

namespace keyfold::api {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kPermission = "event.*.read_event";
constexpr std::size_t kTypesMax = 50;
constexpr std::array<std::string_view, 5> kParameters = {"types", "resourceKind", "resourceId", "from", "lastEventId"};

// The subscriber as a call of the API: who asked, by which root key, and what the access log says of it.
class EventSubscriber final : public subscriptions::Subscriber {
 public:
  EventSubscriber(std::shared_ptr<const Call> call, const Digest& key_hash, const Services& services,
                  const Finish& finish)
      : call_(std::move(call)), key_hash_(key_hash), services_(services), finish_(finish) {}

  [[nodiscard]] bool is_allowed() const override {
    const auto now = services_.projections.root_keys().find(key_hash_);
    if (!now || !now->enabled || now->workspace->state() != projections::WorkspaceStanding::State::kEnabled)
      return false;
    if (now->expires_at_ms && services_.clock.now_ms() > *now->expires_at_ms) return false;
    return now == call_->principal || allows(now->permissions, {std::string(kPermission), {}});
  }

  [[nodiscard]] http::Response start() override {
    return finish_.answer(*call_, {.content_type = subscriptions::kMediaType,
                                   .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}});
  }
  [[nodiscard]] http::Response refuse_position() override { return finish_.error(*call_, beyond_end()); }
  [[nodiscard]] http::Response refuse_log() override { return finish_.error(*call_, unexpected_error()); }

  void end(const subscriptions::Summary& summary) override {
    constexpr int kStatus = 200;
    if (!services_.access_log.wants(kStatus)) return;
    services_.access_log.write({.request_id = call_->request_id,
                                .client_request_id = call_->client_request_id,
                                .method = call_->method,
                                .path = call_->path,
                                .status = kStatus,
                                .duration_us = microseconds_since(call_->started_ns),
                                .bytes_out = summary.bytes,
                                .root_key_id = call_->principal->root_key_id,
                                .workspace_id = call_->principal->workspace_id,
                                .client_ip = call_->client_ip,
                                .user_agent = call_->user_agent,
                                .stream_end = subscriptions::kEndNames[static_cast<std::size_t>(summary.end)]});
  }

 private:
  [[nodiscard]] ApiError beyond_end() const {
    const events::PartitionId partition = call_->principal->partition;
    const events::Position next{partition, services_.projections.next(partition)};
    return bad_parameter("from", "the position is beyond the end of the log",
                         "The next event will be " + to_string(next) + ": begin there, or with `from=now`.");
  }

  const std::shared_ptr<const Call> call_;
  const Digest key_hash_;
  const Services& services_;
  const Finish& finish_;
};

std::string_view value_of(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

Answered<std::vector<std::string>> read_types(std::string_view text) {
  std::vector<std::string> types;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const std::string_view type = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (types.size() == kTypesMax) {
      return refuse(bad_parameter("types", "it names more than 50 types", "Use wildcards, such as `Key*`."));
    }
    if (!events::is_known_type_pattern(type)) {
      const auto& known = events::public_types();
      const std::vector<std::string_view> names(known.begin(), known.end());
      const auto nearest = nearest_name(type, names);
      return refuse(bad_parameter("types", "`" + std::string(type.substr(0, 64)) + "` is no type of public events",
                                  nearest.empty() ? "docs/events.md lists them; `*` stands for any letters."
                                                  : "Did you mean `" + std::string(nearest) + "`?"));
    }
    types.emplace_back(type);
  }
  return types;
}

Answered<subscriptions::Start> at_position(std::string_view name, const events::Position& position, const Call& call,
                                           events::Sequence first) {
  if (position.partition == call.principal->partition) return subscriptions::Start(first);
  return refuse(bad_parameter(name,
                              "the workspace's events are in partition " + std::to_string(call.principal->partition) +
                                  ", not in " + std::to_string(position.partition),
                              "Use the id of an event of this workspace, or `from=beginning`."));
}

Answered<subscriptions::Start> read_start(std::string_view last_event_id, std::string_view from, const Call& call,
                                          const Services& services) {
  if (!last_event_id.empty()) {
    const auto position = parse_position(last_event_id);
    if (position && position->sequence < std::numeric_limits<events::Sequence>::max()) {
      return at_position("lastEventId", *position, call, position->sequence + 1);
    }
    return refuse(bad_parameter("lastEventId", "Last-Event-ID is no position",
                                "Send the id of the last event that was received, such as `3:41`."));
  }
  if (from.empty() || from == "now") return subscriptions::Start(services.projections.next(call.principal->partition));
  if (from == "beginning") return subscriptions::Start(events::Sequence{0});
  if (const auto position = parse_position(from)) return at_position("from", *position, call, position->sequence);
  if (const auto time_ms = parse_time(from)) return subscriptions::Start(subscriptions::FromTime{*time_ms});
  return refuse(bad_parameter("from", "it is neither `now`, `beginning`, a position nor a time",
                              "A position is `3:41`; a time is RFC 3339 or Unix milliseconds."));
}

}  // namespace

std::optional<ApiError> subscribe(const http::Request& request, const Headers& headers,
                                  const std::shared_ptr<const Call>& call, const Services& services,
                                  const Finish& finish, http::Exchange& exchange) {
  if (!call->may({{std::string(kPermission), {}}})) return missing_permission(kPermission);
  const auto parameters = read_query(request.query, kParameters);
  if (!parameters) return parameters.error();
  auto types = read_types(value_of(*parameters, "types"));
  if (!types) return std::move(types.error());
  const auto header = request.header("Last-Event-ID").value_or("");
  const auto start = read_start(header.empty() ? value_of(*parameters, "lastEventId") : header,
                                value_of(*parameters, "from"), *call, services);
  if (!start) return start.error();

  auto seat = services.subscriptions.enter(call->principal->workspace_id);
  if (!seat) {
    return seat.error() == subscriptions::SubscriberLimits::Full::kWorkspace
               ? too_many_subscribers()
               : overloaded("This server has as many subscribers as it may. Try again, or another node.");
  }
  events::EventFilter filter{.workspace_id = call->principal->workspace_id,
                             .types = *std::move(types),
                             .resource_kind = std::string(value_of(*parameters, "resourceKind")),
                             .resource_id = std::string(value_of(*parameters, "resourceId"))};
  services.subscriptions.subscribe(
      std::move(filter), *start,
      std::make_shared<EventSubscriber>(call, *root_key_hash(headers.authorization), services, finish),
      *std::move(seat), exchange.later());
  return std::nullopt;
}

}  // namespace keyfold::api
