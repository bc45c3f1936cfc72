#include "actors/aggregates/ratelimit.h"

#include <set>

#include "actors/aggregates/answer_json.h"
#include "projections/ratelimit.h"
#include "schemas/base/wildcard.h"

namespace keyfold::actors {
namespace {

constexpr std::string_view kNamespaceStream = "ratelimit_namespace";
/// A check tries them one after the other.
constexpr std::int64_t kWildcardsMax = 1'000;

std::optional<rows::RatelimitNamespaceRow> find_live_namespace(const Context& context,
                                                               const projections::RowReader& reader,
                                                               std::string_view namespace_id) {
  auto row = projections::find_ratelimit_namespace(reader, namespace_id);
  const bool is_live = row && row->workspace_id() == context.workspace_id && row->deleted_at_ms() == 0;
  if (!is_live) row.reset();
  return row;
}

tl::unexpected<Rejection> namespace_not_found() {
  return reject(RejectionCode::kRatelimitNamespaceNotFound, "The rate limit namespace does not exist.");
}

}  // namespace

Decided decide(const v1::CreateRatelimitNamespaces& command, const Context& context,
               const projections::RowReader& reader) {
  Decision decision;
  std::set<std::string_view> names;
  std::set<std::string_view> ids;
  for (const v1::Reference& wanted : command.namespaces()) {
    const std::string& id = wanted.candidate_id();
    if (!names.insert(wanted.name()).second) continue;
    if (const auto known =
            projections::find_ratelimit_namespace_id_by_name(reader, context.workspace_id, wanted.name())) {
      if (find_live_namespace(context, reader, *known)) continue;
      return reject(RejectionCode::kRatelimitNamespaceGone, "The rate limit namespace was deleted.");
    }
    if (projections::find_ratelimit_namespace(reader, id) || !ids.insert(id).second) {
      return reject(RejectionCode::kIdTaken, "A rate limit namespace id is taken.");
    }
    auto& created = *decision.plan(kNamespaceStream, id).mutable_ratelimit_namespace_created();
    created.set_namespace_id(id);
    created.set_name(wanted.name());
  }
  return decision;
}

Decided decide(const v1::DeleteRatelimitNamespace& command, const Context& context,
               const projections::RowReader& reader) {
  const std::string& id = command.namespace_id();
  if (!find_live_namespace(context, reader, id)) return namespace_not_found();
  Decision decision;
  decision.plan(kNamespaceStream, id).mutable_ratelimit_namespace_deleted()->set_namespace_id(id);
  return decision;
}

Decided decide(const v1::SetRatelimitOverride& command, const Context& context, const projections::RowReader& reader) {
  const std::string& namespace_id = command.namespace_id();
  const auto in = find_live_namespace(context, reader, namespace_id);
  if (!in) return namespace_not_found();
  if (command.limit() < 0 || command.duration_ms() < 1'000) {
    return reject(RejectionCode::kInvalidInput,
                  "`limit` must not be negative and `duration` must be at least 1000 milliseconds.");
  }
  const auto known_id = projections::find_ratelimit_override_id(reader, namespace_id, command.identifier());
  const std::string& id = known_id ? *known_id : command.candidate_id();
  const auto before = projections::find_ratelimit_override(reader, namespace_id, id);
  if (before && !known_id) return reject(RejectionCode::kIdTaken, "The override id is taken.");
  if (!known_id && has_wildcard(command.identifier()) && in->wildcards() >= kWildcardsMax) {
    return reject(RejectionCode::kInvalidInput, "A namespace has at most " + std::to_string(kWildcardsMax) +
                                                    " overrides whose identifier holds a `*`: delete one first.");
  }
  Decision decision;
  decision.data_json = AnswerJson{{"overrideId", id}}.dump();
  if (before && before->limit() == command.limit() && before->duration_ms() == command.duration_ms()) return decision;
  auto& set = *decision.plan(kNamespaceStream, namespace_id).mutable_ratelimit_override_set();
  set.set_namespace_id(namespace_id);
  set.set_override_id(id);
  set.set_identifier(command.identifier());
  set.set_limit(command.limit());
  set.set_duration_ms(command.duration_ms());
  return decision;
}

Decided decide(const v1::DeleteRatelimitOverride& command, const Context& context,
               const projections::RowReader& reader) {
  const std::string& namespace_id = command.namespace_id();
  if (!find_live_namespace(context, reader, namespace_id)) return namespace_not_found();
  const auto id = projections::find_ratelimit_override_id(reader, namespace_id, command.identifier());
  if (!id) {
    return reject(RejectionCode::kRatelimitOverrideNotFound, "The identifier has no override in this namespace.");
  }
  Decision decision;
  auto& deleted = *decision.plan(kNamespaceStream, namespace_id).mutable_ratelimit_override_deleted();
  deleted.set_namespace_id(namespace_id);
  deleted.set_override_id(*id);
  return decision;
}

}  // namespace keyfold::actors
