#include "gateway/api/key/endpoints.h"
#include "gateway/api/key/key_fields.h"
#include "gateway/api/key/key_json.h"

namespace keyfold::api {
namespace {

// Absent keeps, null clears, a value replaces: the command's message is absent, empty, or holds the value.
void read_text(const nlohmann::json& body, const char* member, v1::KeyUpdated::Text& (*slot)(v1::UpdateKey&),
               v1::UpdateKey& command) {
  const auto found = body.find(member);
  if (found == body.end()) return;
  v1::KeyUpdated::Text& text = slot(command);
  if (found->is_null()) return;
  if (found->is_string()) text.set_value(found->get<std::string>());
  if (found->is_object() && !found->empty()) text.set_value(found->dump());
}

void read_identity(const nlohmann::json& body, v1::UpdateKey& command) {
  const auto found = body.find("externalId");
  if (found == body.end()) return;
  if (found->is_null()) {
    command.set_unlink_identity(true);
  } else {
    *command.mutable_link_identity() = identity_from(found->get_ref<const std::string&>());
  }
}

void read_expires(const nlohmann::json& body, v1::UpdateKey& command) {
  const auto found = body.find("expires");
  if (found == body.end()) return;
  auto& instant = *command.mutable_expires_at();
  if (!found->is_null()) instant.set_value_ms(found->get<std::int64_t>());
}

void read_credits(const nlohmann::json& body, v1::UpdateKey& command) {
  const auto credits = body.find("credits");
  if (credits == body.end()) return;
  if (credits->is_null()) {
    command.mutable_credits();  // unlimited; the refill goes with it
    return;
  }
  if (const auto remaining = credits->find("remaining"); remaining != credits->end()) {
    auto& balance = *command.mutable_credits();
    if (!remaining->is_null()) balance.set_remaining(remaining->get<std::int64_t>());
  }
  if (const auto refill = credits->find("refill"); refill != credits->end()) {
    auto& change = *command.mutable_refill();
    if (!refill->is_null()) *change.mutable_value() = refill_from(*refill);
  }
}

}  // namespace

Answered<Step> update_key(const Call& call, const Services& services) {
  const auto key = find_live_key(call, services, call.text("keyId"));
  if (!key) return refuse(key_not_found());
  if (!may_on_key(call, *key, "update_key")) return refuse(missing_permission("api.*.update_key"));
  Plan plan;
  auto& command = *plan.command.mutable_update_key();
  command.set_key_id(key->key_id());
  read_text(
      call.body, "name", [](v1::UpdateKey& c) -> v1::KeyUpdated::Text& { return *c.mutable_name(); }, command);
  read_text(
      call.body, "meta", [](v1::UpdateKey& c) -> v1::KeyUpdated::Text& { return *c.mutable_meta_json(); }, command);
  read_identity(call.body, command);
  read_expires(call.body, command);
  read_credits(call.body, command);
  if (const auto* enabled = call.find("enabled")) command.set_enabled(enabled->get<bool>());
  if (const auto* limits = call.find("ratelimits")) {
    read_ratelimits(*limits, *command.mutable_ratelimits()->mutable_items());
  }
  if (const auto* slugs = call.find("permissions")) {
    read_permissions(*slugs, *command.mutable_permissions()->mutable_items());
  }
  if (const auto* roles = call.find("roles")) {
    auto& names = *command.mutable_roles();
    for (const auto& name : *roles) names.add_names(name.get<std::string>());
  }
  return plan;
}

}  // namespace keyfold::api
