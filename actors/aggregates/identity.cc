#include "actors/aggregates/identity.h"

#include <algorithm>

#include "actors/aggregates/answer_json.h"
#include "actors/aggregates/ratelimit_set.h"
#include "projections/identity.h"

namespace keyfold::actors {
namespace {

constexpr std::string_view kStream = "identity";

tl::unexpected<Rejection> id_taken() { return reject(RejectionCode::kIdTaken, "The identity id is taken."); }

tl::unexpected<Rejection> identity_not_found() {
  return reject(RejectionCode::kIdentityNotFound, "The identity does not exist.");
}

std::optional<rows::IdentityRow> find_own(const Context& context, const projections::RowReader& reader,
                                          std::string_view identity_id) {
  auto identity = projections::find_identity(reader, identity_id);
  if (identity && identity->workspace_id() != context.workspace_id) identity.reset();
  return identity;
}

bool is_equal(const Ratelimits& a, const Ratelimits& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const v1::Ratelimit& left, const v1::Ratelimit& right) {
    return left.SerializeAsString() == right.SerializeAsString();
  });
}

}  // namespace

tl::expected<std::string, Rejection> resolve_identity(const v1::Reference& reference, const Context& context,
                                                      const projections::RowReader& reader, Decision& decision) {
  if (auto known = projections::find_identity_id_by_external_id(reader, context.workspace_id, reference.name())) {
    return *std::move(known);
  }
  if (projections::is_used_identity_id(reader, reference.candidate_id())) return id_taken();
  auto& created = *decision.plan(kStream, reference.candidate_id()).mutable_identity_created();
  created.set_identity_id(reference.candidate_id());
  created.set_external_id(reference.name());
  return reference.candidate_id();
}

Decided decide(const v1::CreateIdentity& command, const Context& context, const projections::RowReader& reader) {
  if (projections::find_identity_id_by_external_id(reader, context.workspace_id, command.external_id())) {
    return reject(RejectionCode::kIdentityExists,
                  "An identity with the externalId '" + command.external_id() + "' exists already.");
  }
  if (projections::is_used_identity_id(reader, command.identity_id())) return id_taken();
  Decision decision;
  auto& created = *decision.plan(kStream, command.identity_id()).mutable_identity_created();
  created.set_identity_id(command.identity_id());
  created.set_external_id(command.external_id());
  created.set_meta_json(command.meta_json());
  *created.mutable_ratelimits() = resolve_ratelimits(command.ratelimits(), {});
  return decision;
}

Decided decide(const v1::UpdateIdentity& command, const Context& context, const projections::RowReader& reader) {
  const auto identity = find_own(context, reader, command.identity_id());
  if (!identity) return identity_not_found();
  v1::IdentityUpdated updated;
  updated.set_identity_id(command.identity_id());
  if (command.has_meta_json() && command.meta_json().value() != identity->meta_json()) {
    *updated.mutable_meta_json() = command.meta_json();
  }
  if (command.has_ratelimits()) {
    Ratelimits resolved = resolve_ratelimits(command.ratelimits().items(), identity->ratelimits());
    if (!is_equal(resolved, identity->ratelimits())) {
      *updated.mutable_ratelimits()->mutable_items() = std::move(resolved);
    }
  }
  Decision decision;
  if (updated.has_meta_json() || updated.has_ratelimits()) {
    *decision.plan(kStream, command.identity_id()).mutable_identity_updated() = std::move(updated);
  }
  Foresight after(context, reader);
  after.add(decision);
  decision.data_json = identity_json(*projections::find_identity(after.rows(), command.identity_id())).dump();
  return decision;
}

Decided decide(const v1::DeleteIdentity& command, const Context& context, const projections::RowReader& reader) {
  if (!find_own(context, reader, command.identity_id())) return identity_not_found();
  Decision decision;
  decision.plan(kStream, command.identity_id()).mutable_identity_deleted()->set_identity_id(command.identity_id());
  return decision;
}

}  // namespace keyfold::actors
