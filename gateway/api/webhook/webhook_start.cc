#include "gateway/api/webhook/webhook_start.h"

#include "gateway/api/call_reader.h"
#include "gateway/subscriptions/start_time.h"
#include "schemas/base/time_text.h"

namespace keyfold::api {

Answered<std::optional<events::Sequence>> webhook_start(const Call& call, const Services& services) {
  const auto* from = call.find("from");
  if (from == nullptr || *from == "now") return std::nullopt;
  if (*from == "beginning") return 0;
  const auto& text = from->get_ref<const std::string&>();
  const events::PartitionId own = call.principal->partition;
  const auto position = parse_position(text);
  if (!position) {
    const auto time_ms = parse_time(text);
    if (!time_ms) {
      return refuse(
          invalid_input("`from` must be 'now', 'beginning', a position like 3:41, or a time like "
                        "2026-11-26T02:11:15Z or Unix milliseconds, not '" +
                        text + "'."));
    }
    const auto found = subscriptions::first_at_or_after(services.log, own, services.projections.next(own), *time_ms);
    if (!found) return refuse(unexpected_error());
    return *found;
  }
  if (position->partition != own) {
    return refuse(invalid_input("`from` names partition " + std::to_string(position->partition) +
                                ", but this workspace's events are in partition " + std::to_string(own) +
                                ": take a position from one of its events."));
  }
  if (const auto next = services.projections.next(own); position->sequence > next) {
    return refuse(invalid_input("`from` is beyond the log's end, " + to_string(events::Position{own, next}) +
                                ": leave it out to begin with what comes next."));
  }
  return position->sequence;
}

}  // namespace keyfold::api
