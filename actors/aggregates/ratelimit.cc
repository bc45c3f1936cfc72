#include "actors/aggregates/ratelimit.h"

#include <set>

#include "projections/ratelimit.h"

namespace keyfold::actors {
namespace {

constexpr std::string_view kNamespaceStream = "ratelimit_namespace";

bool is_live_namespace(const Context& context, const projections::RowReader& reader, std::string_view namespace_id) {
  const auto row = projections::find_ratelimit_namespace(reader, namespace_id);
  return row && row->workspace_id() == context.workspace_id && row->deleted_at_ms() == 0;
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
      if (is_live_namespace(context, reader, *known)) continue;
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
  if (!is_live_namespace(context, reader, id)) return namespace_not_found();
  Decision decision;
  decision.plan(kNamespaceStream, id).mutable_ratelimit_namespace_deleted()->set_namespace_id(id);
  return decision;
}

Decided decide(const v1::SetRatelimitOverride& command, const Context& context, const projections::RowReader& reader) {
  const std::string& namespace_id = command.namespace_id();
  if (!is_live_namespace(context, reader, namespace_id)) return namespace_not_found();
  if (command.limit() < 0 || command.duration_ms() < 1'000) {
    return reject(RejectionCode::kInvalidInput,
                  "`limit` must not be negative and `duration` must be at least 1000 milliseconds.");
  }
  std::string id = command.candidate_id();
  if (auto known = projections::find_ratelimit_override_id(reader, namespace_id, command.identifier())) {
    id = *std::move(known);
  } else if (projections::find_ratelimit_override(reader, namespace_id, id)) {
    return reject(RejectionCode::kIdTaken, "The override id is taken.");
  }
  Decision decision;
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
  if (!is_live_namespace(context, reader, namespace_id)) return namespace_not_found();
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
