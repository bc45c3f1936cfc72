#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_json.h"

namespace keyfold::api {
namespace {

v1::UpdateCredits::Operation operation_of(const std::string& name) {
  if (name == "increment") return v1::UpdateCredits::INCREMENT;
  if (name == "decrement") return v1::UpdateCredits::DECREMENT;
  return v1::UpdateCredits::SET;
}

}  // namespace

Answered<Step> update_credits(const Call& call, const Services& services) {
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key) return refuse(key_not_found());
  if (!may_on_key(call, *key, "update_key")) return refuse(missing_permission("api.*.update_key"));
  Plan plan;
  auto& command = *plan.command.mutable_update_credits();
  command.set_key_id(key->key_id());
  command.set_operation(operation_of(call.text("operation")));
  if (const auto* value = call.find("value")) command.set_value(value->get<std::int64_t>());
  return plan;
}

}  // namespace keyfold::api
