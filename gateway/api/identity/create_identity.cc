#include "gateway/api/identity/endpoints.h"
#include "gateway/api/identity/identity_fields.h"
#include "schemas/base/random.h"

namespace keyfold::api {

Answered<Step> create_identity(const Call& call, const Services&) {
  if (!may_on_identities(call, "create_identity")) return refuse(missing_permission("identity.*.create_identity"));
  Plan plan;
  auto& command = *plan.command.mutable_create_identity();
  command.set_identity_id(make_id("id"));
  command.set_external_id(call.text("externalId"));
  if (const auto* meta = call.find("meta")) {
    auto text = identity_meta_from(*meta);
    if (!text) return refuse(std::move(text.error()));
    command.set_meta_json(*std::move(text));
  }
  if (const auto* limits = call.find("ratelimits")) {
    auto read = identity_ratelimits_from(*limits);
    if (!read) return refuse(std::move(read.error()));
    *command.mutable_ratelimits() = *std::move(read);
  }
  plan.data_json = Json{{"identityId", command.identity_id()}}.dump();
  return plan;
}

}  // namespace keyfold::api
