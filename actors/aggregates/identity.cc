#include "actors/aggregates/identity.h"

#include "projections/identity.h"

namespace keyfold::actors {

tl::expected<std::string, Rejection> resolve_identity(const v1::Reference& reference, const Context& context,
                                                      const projections::RowReader& reader, Decision& decision) {
  if (auto known = projections::find_identity_id_by_external_id(reader, context.workspace_id, reference.name())) {
    return *std::move(known);
  }
  if (projections::find_identity(reader, reference.candidate_id())) {
    return reject(RejectionCode::kIdTaken, "The identity id is taken.");
  }
  auto& created = *decision.plan("identity", reference.candidate_id()).mutable_identity_created();
  created.set_identity_id(reference.candidate_id());
  created.set_external_id(reference.name());
  return reference.candidate_id();
}

}  // namespace keyfold::actors
