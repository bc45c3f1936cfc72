#include <map>

#include "events/public_event.h"
#include "gateway/api/audit/endpoints.h"
#include "gateway/api/audit/history_reader.h"
#include "gateway/api/page.h"
#include "projections/audit_store.h"

namespace keyfold::api {
namespace {

/// Events of the workspace between the two moments; more are refused, because they are folded in memory.
constexpr std::size_t kEventsMax = 100'000;

std::string id_of(const projections::ResourceId& resource) { return resource.kind + "/" + resource.id; }

}  // namespace

// The workspace's events are folded over the rows at the first moment; what they touched is compared with them.
Answered<Step> get_diff(const Call& call, const Services& services) {
  const auto history = HistoryReader::open(call, services);
  if (!history) return refuse(history.error());
  const auto from = history->first_after("from");
  if (!from) return refuse(from.error());
  const auto to = history->first_after("to");
  if (!to) return refuse(to.error());
  const events::Sequence end = to->value_or(history->end());
  Page page(page_request(call));
  if (**from >= end) return std::move(page).finish();

  const auto before = history->view(**from);
  if (!before) return refuse(before.error());
  projections::HistoryFolder folder((*before)->rows());
  std::map<std::string, projections::ResourceId> touched;
  std::size_t folded = 0;
  std::optional<ApiError> error;
  events::Event event;
  const Status scanned =
      services.audit.scan_workspace(history->partition(), call.workspace_id(), **from,
                                    projections::EventOrder::kOldestFirst, [&](events::Sequence sequence) {
                                      if (sequence >= end) return false;
                                      if (++folded > kEventsMax) {
                                        error = invalid_input("More than " + std::to_string(kEventsMax) +
                                                              " events lie between `from` and `to`: ask for less.");
                                        return false;
                                      }
                                      error = history->read(sequence, event);
                                      if (error) return false;
                                      for (auto& change : folder.fold(event)) {
                                        touched.try_emplace(id_of(change.resource), change.resource);
                                      }
                                      return true;
                                    });
  if (error) return refuse(*std::move(error));
  if (!scanned) return refuse(unreadable_history(scanned.error()));
  const PageRequest request = page_request(call);
  for (auto at = touched.lower_bound(request.cursor); at != touched.end(); ++at) {
    const auto& [id, resource] = *at;
    const auto change =
        projections::compare(resource, projections::resource_json((*before)->rows(), call.workspace_id(), resource),
                             projections::resource_json(folder.rows(), call.workspace_id(), resource));
    if (!change.members.empty() && !page.add_text(id, change_json(change))) break;
  }
  return std::move(page).finish();
}

}  // namespace keyfold::api
