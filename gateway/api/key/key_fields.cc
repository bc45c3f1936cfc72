#include "gateway/api/key/key_fields.h"

#include "schemas/base/random.h"

namespace keyfold::api {

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

void read_permissions(const nlohmann::json& slugs, google::protobuf::RepeatedPtrField<v1::Reference>& out) {
  for (const auto& slug : slugs) {
    v1::Reference& added = *out.Add();
    added.set_name(slug.get<std::string>());
    added.set_candidate_id(make_id("perm"));
  }
}

v1::Reference identity_from(const std::string& external_id) {
  v1::Reference identity;
  identity.set_name(external_id);
  identity.set_candidate_id(make_id("id"));
  return identity;
}

}  // namespace keyfold::api
