#include "gateway/api/identity/endpoints.h"
#include "gateway/api/identity/identity_fields.h"

namespace keyfold::api {

Answered<Step> update_identity(const Call& call, const Services& services) {
  if (!may_on_identities(call, "update_identity")) return refuse(missing_permission("identity.*.update_identity"));
  Plan plan;
  auto& command = *plan.command.mutable_update_identity();
  if (const auto* meta = call.find("meta")) {
    auto text = identity_meta_from(*meta);
    if (!text) return refuse(std::move(text.error()));
    auto& change = *command.mutable_meta_json();
    if (!text->empty()) change.set_value(*std::move(text));
  }
  if (const auto* limits = call.find("ratelimits")) {
    auto read = identity_ratelimits_from(*limits);
    if (!read) return refuse(std::move(read.error()));
    *command.mutable_ratelimits()->mutable_items() = *std::move(read);
  }
  const auto identity = find_named_identity(call, services);
  if (!identity) return refuse(identity_not_found());
  command.set_identity_id(identity->identity_id());
  return plan;
}

}  // namespace keyfold::api
