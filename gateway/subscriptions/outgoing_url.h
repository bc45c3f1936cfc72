#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/subscriptions/address_guard.h"

namespace keyfold::subscriptions {

/// A URL that a request may be sent to.
struct OutgoingUrl {
  bool is_https = true;
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target;  // path and query, as they were written
};

/// Which targets are let through at all.
struct OutgoingPolicy {
  enum class Schemes { kHttpsOnly, kHttpToo } schemes = Schemes::kHttpsOnly;
  AddressGuard guard;
};

/// kInvalidArgument that says what is wrong and what to write instead: another scheme than the policy's, a user name, a
/// fragment, a host that is neither a name nor an address in its usual form, an address that the guard refuses, a
/// port below 1024 other than 80 and 443, more than 2,048 bytes, or bytes that no URL holds. Looks no name up.
[[nodiscard]] Result<OutgoingUrl> check_outgoing_url(std::string_view text, const OutgoingPolicy& policy);

/// Where a redirect leads: `location` may be a whole URL, or a path on the same server.
[[nodiscard]] Result<OutgoingUrl> follow_redirect(const OutgoingUrl& from, std::string_view location,
                                                  const OutgoingPolicy& policy);

}  // namespace keyfold::subscriptions
