#include <arpa/inet.h>

#include <set>

#include "gateway/api/api/endpoints.h"

namespace keyfold::api {
namespace {

template <class Address>
std::optional<std::string> canonical(int family, const std::string& text) {
  Address address{};
  char out[INET6_ADDRSTRLEN];
  if (inet_pton(family, text.c_str(), &address) != 1 || inet_ntop(family, &address, out, sizeof out) == nullptr) {
    return std::nullopt;
  }
  return out;
}

// The one form of an IPv4 or IPv6 address; nothing for any other text.
std::optional<std::string> canonical_address(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;
  if (auto address = canonical<in_addr>(AF_INET, text)) return address;
  return canonical<in6_addr>(AF_INET6, text);
}

// Sorted and distinct, so that equal sets are equal lists.
Answered<v1::AddressList> read_addresses(const nlohmann::json& texts) {
  std::set<std::string> addresses;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto address = canonical_address(texts[i].get_ref<const std::string&>());
    if (!address) {
      return refuse(invalid_input("`ipAllowlist[" + std::to_string(i) +
                                  "]` must be an IPv4 or IPv6 address; networks are not understood."));
    }
    addresses.insert(*std::move(address));
  }
  v1::AddressList list;
  list.mutable_addresses()->Assign(addresses.begin(), addresses.end());
  return list;
}

}  // namespace

Answered<Step> update_api_settings(const Call& call, const Services&) {
  const std::string& api_id = call.text("apiId");
  if (!may_on_api(call, api_id, "update_api")) return refuse(missing_permission("api.*.update_api"));
  Plan plan;
  auto& command = *plan.command.mutable_update_api();
  command.set_api_id(api_id);
  if (const auto* stores = call.find("storeEncryptedKeys")) command.set_store_encrypted_keys(stores->get<bool>());
  if (const auto* is_protected = call.find("deleteProtection")) {
    command.set_delete_protection(is_protected->get<bool>());
  }
  if (const auto* texts = call.find("ipAllowlist")) {
    auto addresses = read_addresses(*texts);
    if (!addresses) return refuse(std::move(addresses.error()));
    *command.mutable_ip_allowlist() = *std::move(addresses);
  }
  // Null clears, which in the command is the value that stands for none.
  if (call.body.contains("defaultPrefix")) {
    const auto* prefix = call.find("defaultPrefix");
    command.set_default_prefix(prefix == nullptr ? "" : prefix->get<std::string>());
  }
  if (call.body.contains("defaultByteLength")) {
    const auto* length = call.find("defaultByteLength");
    command.set_default_byte_length(length == nullptr ? 0 : length->get<std::uint32_t>());
  }
  return plan;
}

}  // namespace keyfold::api
