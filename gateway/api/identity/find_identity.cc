#include "gateway/api/api/endpoints.h"
#include "gateway/api/identity/endpoints.h"
#include "projections/identity.h"

namespace keyfold::api {

std::optional<rows::IdentityRow> find_named_identity(const Call& call, const Services& services) {
  const auto& reader = rows_of(call, services);
  const std::string& name = call.text("identity");
  auto by_id = projections::find_identity(reader, name);
  if (by_id && by_id->workspace_id() == call.workspace_id()) return by_id;
  const auto id = projections::find_identity_id_by_external_id(reader, call.workspace_id(), name);
  return id ? projections::find_identity(reader, *id) : std::nullopt;
}

bool may_on_identities(const Call& call, std::string_view action) {
  std::string urn = "unkey:v1:";
  urn.append(call.workspace_id()).append(":projects/*/identities/*#").append(action);
  return call.may({{"identity.*." + std::string(action), std::move(urn)}});
}

bool may_on_identity(const Call& call, std::string_view identity_id, std::string_view action) {
  if (may_on_identities(call, action)) return true;
  std::string tuple = "identity.";
  tuple.append(identity_id).append(".").append(action);
  return call.may({{std::move(tuple), {}}});
}

}  // namespace keyfold::api
