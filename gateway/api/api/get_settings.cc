#include "gateway/api/api/endpoints.h"

namespace keyfold::api {

Answered<Step> get_api_settings(const Call& call, const Services& services) {
  const std::string& api_id = call.text("apiId");
  if (!may_on_api(call, api_id, "read_api")) return refuse(missing_permission("api.*.read_api"));
  const auto api = find_live_api(call, services, api_id);
  if (!api) return refuse(api_not_found());
  Json data{{"apiId", api->api_id()},
            {"deleteProtection", api->delete_protection()},
            {"ipAllowlist", Json::array()},
            {"storeEncryptedKeys", api->store_encrypted_keys()}};
  for (const std::string& address : api->ip_allowlist()) data["ipAllowlist"].push_back(address);
  if (!api->default_prefix().empty()) data["defaultPrefix"] = api->default_prefix();
  if (api->default_byte_length() != 0) data["defaultByteLength"] = api->default_byte_length();
  return Data{data.dump(), {}};
}

}  // namespace keyfold::api
