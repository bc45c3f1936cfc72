#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/workflows/webhook_transport.h"
#include "gateway/subscriptions/outgoing_url.h"

namespace keyfold::subscriptions {

struct OutgoingOptions {
  OutgoingPolicy policy;
  std::string ca_file;  // PEM certificates that are trusted besides the system's; empty: none
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t timeout_ms = 15'000;  // of a whole attempt but for the look-up of names, which has the system's limits
  int redirects_max = 0;
};

/// The addresses of a host's name, or an error that says why there are none. Blocks.
using Resolver = std::function<Result<std::vector<IpAddress>>(const std::string& host)>;
/// The system's resolver.
[[nodiscard]] Result<std::vector<IpAddress>> resolve_host(const std::string& host);

/// Sends one POST and reads the beginning of the answer. On every hop the host's name is looked up once, each of its
/// addresses is judged, and the connection is made to an address that was judged: nothing that a name server says later
/// counts. Follows 307 and 308 alone, as often as the options allow; another redirect is the answer. Proxies of the
/// environment are not used. A stop ends it early, without an answer. Blocks. Thread-safe.
[[nodiscard]] actors::WebhookAnswer post_to(const actors::WebhookRequest& request, const OutgoingOptions& options,
                                            const Resolver& resolve, const std::stop_token& stop = {});

}  // namespace keyfold::subscriptions
