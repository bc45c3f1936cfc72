#include "events/public_event.h"
#include "gateway/api/audit/endpoints.h"
#include "gateway/api/audit/history_reader.h"
#include "gateway/api/event_types.h"
#include "gateway/api/page.h"
#include "projections/audit_store.h"

namespace keyfold::api {
namespace {

/// Of one request; beyond it a page ends early, with a cursor.
constexpr std::size_t kExaminedMax = 20'000;

struct Question {
  events::EventFilter filter;
  std::string principal_id;
  events::Sequence from = 0;  // included
  events::Sequence to = 0;    // not included
  projections::EventOrder order = projections::EventOrder::kNewestFirst;
};

Answered<Question> read_question(const Call& call, const HistoryReader& history) {
  Question question;
  question.filter.workspace_id = call.workspace_id();
  if (const auto* types = call.find("types")) question.filter.types = types->get<std::vector<std::string>>();
  if (auto error = check_event_types(question.filter.types)) return refuse(*std::move(error));
  if (const auto* resource = call.find("resource")) {
    question.filter.resource_kind = resource->value("kind", "");
    question.filter.resource_id = resource->value("id", "");
  }
  if (const auto* principal = call.find("principalId")) question.principal_id = principal->get<std::string>();
  if (const auto* order = call.find("order"); order != nullptr && *order == "oldestFirst") {
    question.order = projections::EventOrder::kOldestFirst;
  }
  const auto from = history.first_not_before("from");
  if (!from) return refuse(from.error());
  const auto to = history.first_not_before("to");
  if (!to) return refuse(to.error());
  question.from = from->value_or(0);
  question.to = to->value_or(history.end());
  return question;
}

/// By the narrowest index that there is.
Status scan(const Question& question, events::PartitionId partition, events::Sequence begin,
            const projections::AuditStore& audit, projections::AuditStore::SequenceVisitor visit) {
  const events::EventFilter& filter = question.filter;
  if (!filter.resource_kind.empty() && !filter.resource_id.empty()) {
    return audit.scan_resource(partition, filter.workspace_id, filter.resource_kind, filter.resource_id, begin,
                               question.order, visit);
  }
  if (!question.principal_id.empty()) {
    return audit.scan_principal(partition, filter.workspace_id, question.principal_id, begin, question.order, visit);
  }
  return audit.scan_workspace(partition, filter.workspace_id, begin, question.order, visit);
}

}  // namespace

Answered<Step> list_events(const Call& call, const Services& services) {
  const auto history = HistoryReader::open(call, services);
  if (!history) return refuse(history.error());
  const auto question = read_question(call, *history);
  if (!question) return refuse(question.error());
  const auto cursor = history->cursor();
  if (!cursor) return refuse(cursor.error());
  const bool is_forward = question->order == projections::EventOrder::kOldestFirst;
  if (question->from >= question->to) return Page(page_request(call)).finish();
  const events::Sequence begin = cursor->value_or(is_forward ? question->from : question->to - 1);

  Page page(page_request(call));
  std::optional<ApiError> error;
  std::size_t examined = 0;
  events::Event event;
  const Status scanned = scan(*question, history->partition(), begin, services.audit, [&](events::Sequence sequence) {
    if (sequence < question->from || sequence >= question->to) {
      return is_forward ? sequence < question->from : sequence >= question->to;
    }
    if (++examined > kExaminedMax) {
      page.end_before(history->to_cursor(sequence));
      return false;
    }
    error = history->read(sequence, event);
    if (error) return false;
    if (!question->filter.matches(event)) return true;
    if (!question->principal_id.empty() && event.header.principal().id() != question->principal_id) return true;
    std::string json;
    events::append_public_json(json, event);
    return page.add_text(history->to_cursor(sequence), json);
  });
  if (error) return refuse(*std::move(error));
  if (!scanned) return refuse(unreadable_history(scanned.error()));
  return std::move(page).finish();
}

}  // namespace keyfold::api
