#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

// Where requests that others choose the target of may go: server-side request forgery ends here.
namespace keyfold::subscriptions {

/// An IPv6 address; IPv4 is mapped into it (::ffff:0:0/96).
using IpAddress = std::array<std::uint8_t, 16>;

/// Reads an address in its usual form; nothing for any other text, `127.1` and `0x7f000001` included.
[[nodiscard]] std::optional<IpAddress> parse_ip_address(std::string_view text);
[[nodiscard]] std::string to_string(const IpAddress& address);

/// A block of addresses.
struct IpNetwork {
  IpAddress address{};
  unsigned prefix_bits = 128;  // of the 128
};
/// `10.0.0.0/8`, `fd00::/8`, or an address alone.
[[nodiscard]] std::optional<IpNetwork> parse_ip_network(std::string_view text);

/// Judges addresses after the host's name was resolved. Only global unicast addresses pass: what IANA's registries of
/// special-purpose addresses hold (RFC 6890) is refused, the clouds' metadata services among it, also when it is
/// wrapped into an IPv6 address (mapped, NAT64 of RFC 6052, 6to4 of RFC 3056). Immutable.
class AddressGuard {
 public:
  enum class PrivateAddresses { kRefused, kAllowed };

  AddressGuard() = default;
  /// Addresses of the allowed networks pass in any case.
  AddressGuard(PrivateAddresses private_addresses, std::vector<IpNetwork> allowed)
      : private_addresses_(private_addresses), allowed_(std::move(allowed)) {}

  /// kInvalidArgument that names the address and what kind it is of.
  [[nodiscard]] Status check(const IpAddress& address) const;

 private:
  PrivateAddresses private_addresses_ = PrivateAddresses::kRefused;
  std::vector<IpNetwork> allowed_;
};

}  // namespace keyfold::subscriptions
