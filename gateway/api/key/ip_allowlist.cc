#include "gateway/api/key/ip_allowlist.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace keyfold::api {
namespace {

/// An IPv6 address; IPv4 is mapped into it.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_address(std::string_view text) {
  // inet_pton wants a text that ends with a zero, and has none before.
  char copy[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  Address address{};
  if (inet_pton(AF_INET6, copy, address.data()) == 1) return address;
  constexpr std::size_t kMappedAt = 12;
  address = {};
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, copy, address.data() + kMappedAt) == 1) return address;
  return std::nullopt;
}

}  // namespace

bool lets_in(std::span<const std::string> ip_allowlist, std::string_view client_ip) {
  if (ip_allowlist.empty()) return true;
  const auto client = parse_address(client_ip);
  return client && std::any_of(ip_allowlist.begin(), ip_allowlist.end(),
                               [&](const std::string& listed) { return parse_address(listed) == client; });
}

}  // namespace keyfold::api
