#include "gateway/api/key/key_fields.h"

#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

void read_credits(const nlohmann::json& credits, v1::CreateKey& command) {
  if (const auto& remaining = credits.at("remaining"); !remaining.is_null()) {
    command.set_credits_remaining(remaining.get<std::int64_t>());
  }
  if (const auto refill = credits.find("refill"); refill != credits.end()) {
    *command.mutable_refill() = refill_from(*refill);
  }
}

}  // namespace

v1::Refill refill_from(const nlohmann::json& refill) {
  v1::Refill out;
  out.set_interval(refill.at("interval") == "monthly" ? v1::Refill::MONTHLY : v1::Refill::DAILY);
  out.set_amount(refill.at("amount").get<std::int64_t>());
  out.set_refill_day(refill.value("refillDay", 0U));
  return out;
}

void read_ratelimits(const nlohmann::json& limits, google::protobuf::RepeatedPtrField<v1::Ratelimit>& out) {
  for (const auto& limit : limits) {
    v1::Ratelimit& added = *out.Add();
    added.set_ratelimit_id(make_id("rl"));
    added.set_name(limit.at("name").get<std::string>());
    added.set_limit(limit.at("limit").get<std::int64_t>());
    added.set_duration_ms(limit.at("duration").get<std::int64_t>());
    added.set_auto_apply(limit.at("autoApply").get<bool>());
  }
}

void read_references(const nlohmann::json& names, std::string_view id_prefix,
                     google::protobuf::RepeatedPtrField<v1::Reference>& out) {
  for (const auto& name : names) {
    v1::Reference& added = *out.Add();
    added.set_name(name.get<std::string>());
    added.set_candidate_id(make_id(id_prefix));
  }
}

void read_permissions(const nlohmann::json& slugs, google::protobuf::RepeatedPtrField<v1::Reference>& out) {
  read_references(slugs, "perm", out);
}

v1::Reference identity_from(const std::string& external_id) {
  v1::Reference identity;
  identity.set_name(external_id);
  identity.set_candidate_id(make_id("id"));
  return identity;
}

void read_new_key(const nlohmann::json& key, v1::CreateKey& command) {
  const auto find = [&](const char* member) {
    const auto found = key.find(member);
    return found == key.end() || found->is_null() ? nullptr : &*found;
  };
  command.set_enabled(key.value("enabled", true));
  command.set_name(key.value("name", ""));
  if (const auto* external_id = find("externalId")) {
    *command.mutable_identity() = identity_from(external_id->get_ref<const std::string&>());
  }
  if (const auto* meta = find("meta"); meta != nullptr && !meta->empty()) command.set_meta_json(meta->dump());
  if (const auto* expires = find("expires")) command.set_expires_at_ms(expires->get<std::int64_t>());
  if (const auto* credits = find("credits")) read_credits(*credits, command);
  if (const auto* limits = find("ratelimits")) read_ratelimits(*limits, *command.mutable_ratelimits());
  if (const auto* slugs = find("permissions")) read_permissions(*slugs, *command.mutable_permissions());
}

}  // namespace keyfold::api
