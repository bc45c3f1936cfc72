#include <set>

#include "events/public_event.h"
#include "gateway/api/api/endpoints.h"
#include "gateway/api/audit/endpoints.h"
#include "gateway/api/audit/history_reader.h"
#include "gateway/api/page.h"
#include "projections/api.h"
#include "projections/audit_store.h"

namespace keyfold::api {
namespace {

using projections::ResourceId;

/// The streams whose events may change the resource: its own, and where another one keeps a part of it.
std::vector<ResourceId> streams_of(const ResourceId& resource, const projections::RowReader& rows) {
  if (resource.kind == "ratelimit_override") {
    return {{"ratelimit_namespace", resource.id.substr(0, resource.id.find('/'))}};
  }
  std::vector<ResourceId> streams = {resource};
  if (resource.kind != "api") return streams;
  if (const auto api = projections::find_api(rows, resource.id)) streams.push_back({"keyspace", api->keyspace_id()});
  return streams;
}

/// The numbers of the streams' events from `from` on, in order, at most `max`.
Result<std::vector<events::Sequence>> sequences_of(const std::vector<ResourceId>& streams,
                                                   std::string_view workspace_id, const HistoryReader& history,
                                                   events::Sequence from, std::size_t max,
                                                   const projections::AuditStore& audit) {
  std::set<events::Sequence> found;
  for (const ResourceId& stream : streams) {
    std::size_t of_stream = 0;
    const Status scanned = audit.scan_resource(history.partition(), workspace_id, stream.kind, stream.id, from,
                                               projections::EventOrder::kOldestFirst, [&](events::Sequence sequence) {
                                                 if (sequence >= history.end()) return false;
                                                 found.insert(sequence);
                                                 return ++of_stream < max;
                                               });
    if (!scanned) return tl::unexpected(scanned.error());
  }
  std::vector<events::Sequence> sequences(found.begin(), found.end());
  if (sequences.size() > max) sequences.resize(max);
  return sequences;
}

/// The item, or nothing when the event was about another part of its stream.
std::optional<std::string> item_json(const events::Event& event,
                                     const std::vector<projections::ResourceChange>& changes,
                                     const ResourceId& resource) {
  std::string changed;
  for (const projections::ResourceChange& change : changes) {
    if (change.resource != resource) continue;
    changed += (changed.empty() ? "" : ",") + change_json(change);
  }
  if (changed.empty() && resource.kind == "ratelimit_override") return std::nullopt;
  std::string json = R"({"event":)";
  events::append_public_json(json, event);
  return json.append(R"(,"changes":[)").append(changed).append("]}");
}

}  // namespace

// Without a cursor the history begins with nothing; further pages begin with the rows as they were then.
Answered<Step> get_resource_history(const Call& call, const Services& services) {
  const auto history = HistoryReader::open(call, services);
  if (!history) return refuse(history.error());
  const auto resource = history->resource();
  if (!resource) return refuse(resource.error());
  const auto cursor = history->cursor();
  if (!cursor) return refuse(cursor.error());
  const events::Sequence from = cursor->value_or(0);
  const projections::NoRows nothing;
  std::shared_ptr<const projections::AsOfView> before;
  if (from > 0 && from <= history->end()) {
    auto view = history->view(from);
    if (!view) return refuse(view.error());
    before = *std::move(view);
  }

  const PageRequest request = page_request(call);
  const auto sequences = sequences_of(streams_of(*resource, rows_of(call, services)), call.workspace_id(), *history,
                                      from, request.limit + 1, services.audit);
  if (!sequences) return refuse(unreadable_history(sequences.error()));
  projections::HistoryFolder folder(before != nullptr ? before->rows() : nothing);
  Page page(request);
  events::Event event;
  for (const events::Sequence sequence : *sequences) {
    if (auto error = history->read(sequence, event)) return refuse(*std::move(error));
    if (const auto item = item_json(event, folder.fold(event), *resource)) {
      if (!page.add_text(history->to_cursor(sequence), *item)) break;
    } else if (sequence == sequences->back() && sequences->size() > request.limit) {
      page.end_before(history->to_cursor(sequence + 1));
    }
  }
  return std::move(page).finish();
}

}  // namespace keyfold::api
