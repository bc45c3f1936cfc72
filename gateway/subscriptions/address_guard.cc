#include "gateway/subscriptions/address_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace keyfold::subscriptions {
namespace {

constexpr std::size_t kMappedAt = 12;  // where an IPv4 address begins
constexpr unsigned kMappedBits = 96;

struct Special {
  const char* network;
  const char* kind;
};

/// IANA's special-purpose IPv4 addresses, and what clouds keep apart from them.
constexpr std::array kSpecialV4 = {
    Special{"169.254.169.254/32", "a metadata service"},    Special{"168.63.129.16/32", "a metadata service"},
    Special{"0.0.0.0/8", "an unspecified address"},         Special{"10.0.0.0/8", "a private address"},
    Special{"100.64.0.0/10", "a carrier's shared address"}, Special{"127.0.0.0/8", "a loopback address"},
    Special{"169.254.0.0/16", "a link-local address"},      Special{"172.16.0.0/12", "a private address"},
    Special{"192.0.0.0/24", "a reserved address"},          Special{"192.0.2.0/24", "a documentation address"},
    Special{"192.88.99.0/24", "a reserved address"},        Special{"192.168.0.0/16", "a private address"},
    Special{"198.18.0.0/15", "a benchmarking address"},     Special{"198.51.100.0/24", "a documentation address"},
    Special{"203.0.113.0/24", "a documentation address"},   Special{"224.0.0.0/4", "a multicast address"},
    Special{"240.0.0.0/4", "a reserved address"},
};

/// Of IPv6 all but 2000::/3 is special; the names of the best known, then what is special within.
constexpr std::array kSpecialV6 = {
    Special{"::1/128", "a loopback address"},
    Special{"::/128", "an unspecified address"},
    Special{"fd00:ec2::254/128", "a metadata service"},
    Special{"fc00::/7", "a unique local address"},
    Special{"fe80::/10", "a link-local address"},
    Special{"fec0::/10", "a site-local address"},
    Special{"ff00::/8", "a multicast address"},
    Special{"2001::/23", "a reserved address"},
    Special{"2001:db8::/32", "a documentation address"},
    Special{"3fff::/20", "a documentation address"},
};

bool contains(const IpNetwork& network, const IpAddress& address) {
  const std::size_t whole = network.prefix_bits / 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), network.address.begin())) {
    return false;
  }
  const unsigned rest = network.prefix_bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (address[whole] & mask) == (network.address[whole] & mask);
}

bool contains(const char* network, const IpAddress& address) {
  const auto parsed = parse_ip_network(network);
  return parsed && contains(*parsed, address);
}

IpAddress map_v4(const std::uint8_t* bytes) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  std::copy_n(bytes, 4, address.begin() + kMappedAt);
  return address;
}

/// The IPv4 address that an IPv6 address stands for, to whoever translates it.
std::optional<IpAddress> embedded_v4(const IpAddress& address) {
  if (contains("64:ff9b::/96", address)) return map_v4(address.data() + kMappedAt);
  if (contains("2002::/16", address)) return map_v4(address.data() + 2);
  return std::nullopt;
}

/// What kind of special address it is; null for a global one.
const char* special_kind(const IpAddress& address) {
  if (contains("::ffff:0:0/96", address)) {
    const auto found = std::ranges::find_if(kSpecialV4, [&](const Special& s) { return contains(s.network, address); });
    return found == kSpecialV4.end() ? nullptr : found->kind;
  }
  if (const auto inner = embedded_v4(address)) return special_kind(*inner);
  const auto found = std::ranges::find_if(kSpecialV6, [&](const Special& s) { return contains(s.network, address); });
  if (found != kSpecialV6.end()) return found->kind;
  return contains("2000::/3", address) ? nullptr : "a reserved address";
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  // inet_pton wants a text that ends with a zero, and has none before.
  char copy[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  IpAddress address{};
  if (inet_pton(AF_INET6, copy, address.data()) == 1) return address;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, copy, v4.data()) == 1) return map_v4(v4.data());
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  const bool is_v4 = contains("::ffff:0:0/96", address);
  const void* bytes = is_v4 ? address.data() + kMappedAt : address.data();
  return inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes, text, sizeof text) == nullptr ? "" : text;
}

std::optional<IpNetwork> parse_ip_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const bool is_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > (is_v4 ? 32U : 128U)) return std::nullopt;
  network.prefix_bits = is_v4 ? kMappedBits + bits : bits;
  return network;
}

Status AddressGuard::check(const IpAddress& address) const {
  if (private_addresses_ == PrivateAddresses::kAllowed) return {};
  const auto holds = [&](const IpNetwork& network) { return contains(network, address); };
  if (std::ranges::any_of(allowed_, holds)) return {};
  const char* kind = special_kind(address);
  if (kind == nullptr) return {};
  return fail(ErrorCode::kInvalidArgument, to_string(address) + " is " + kind + ", where nothing may be sent to");
}

}  // namespace keyfold::subscriptions
