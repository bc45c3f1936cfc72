#include "ops/cli/webhook_settings.h"

#include <array>
#include <charconv>

namespace keyfold::ops {
namespace {

constexpr std::size_t kDelaysMax = 100;
constexpr std::int64_t kDelayMsMax = std::int64_t{366} * kDayMs;

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array kUnits = {Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                               Unit{"d", kDayMs}};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The parts between the commas; none when the text is empty.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  if (trimmed(text).empty()) return parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(',', from), text.size());
    parts.push_back(trimmed(text.substr(from, end - from)));
    from = end + 1;
  }
  return parts;
}

std::optional<std::int64_t> parse_delay(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : kUnits) {
    if (name != unit.name) continue;
    return number <= kDelayMsMax / unit.ms ? std::optional(number * unit.ms) : std::nullopt;
  }
  return std::nullopt;
}

Result<std::vector<subscriptions::IpNetwork>> parse_networks(const std::string& text) {
  std::vector<subscriptions::IpNetwork> networks;
  for (const std::string_view part : parts_of(text)) {
    const auto network = subscriptions::parse_ip_network(part);
    if (!network) {
      return fail(ErrorCode::kInvalidArgument, "'" + std::string(part) + "' is no network", "webhooks.allowed_networks",
                  "write networks like 10.1.0.0/16 or fd00::/8, separated by commas");
    }
    networks.push_back(*network);
  }
  return networks;
}

}  // namespace

Result<std::vector<std::int64_t>> parse_delays(std::string_view text) {
  std::vector<std::int64_t> delays;
  for (const std::string_view part : parts_of(text)) {
    const auto delay = parse_delay(part);
    if (!delay || delays.size() == kDelaysMax) {
      return fail(ErrorCode::kInvalidArgument, "'" + std::string(part) + "' is no delay, or one too many",
                  "webhooks.retry_delays", "write up to 100 delays like \"5s, 5m, 2h, 1d\"");
    }
    delays.push_back(*delay);
  }
  return delays;
}

Result<actors::WebhookOptions> webhook_options(const v1::Config& config) {
  const v1::WebhooksConfig& webhooks = config.webhooks();
  auto delays = parse_delays(webhooks.retry_delays());
  if (!delays) return tl::unexpected(delays.error());
  return actors::WebhookOptions{
      .retry_delays_ms = *std::move(delays),
      .disable_after_ms = webhooks.disable_after_ms(),
      .connections_max = static_cast<std::size_t>(webhooks.connections_max()),
      .connections_per_webhook_max = static_cast<std::size_t>(webhooks.connections_per_webhook_max()),
      .pending_max = static_cast<std::size_t>(webhooks.pending_max()),
      .delivered_max = static_cast<std::uint32_t>(webhooks.delivered_kept_max()),
      .failed_max = static_cast<std::uint32_t>(webhooks.failed_kept_max()),
      .failed_kept_ms = webhooks.failed_kept_days() * kDayMs,
      .record_interval_ms = webhooks.record_interval_ms(),
      .user_agent = "keyfold/" KEYFOLD_VERSION,
  };
}

Result<subscriptions::OutgoingOptions> outgoing_options(const v1::Config& config) {
  const v1::WebhooksConfig& webhooks = config.webhooks();
  auto settings = webhook_settings(config);
  if (!settings) return tl::unexpected(settings.error());
  return subscriptions::OutgoingOptions{.policy = std::move(settings->targets),
                                        .ca_file = webhooks.ca_file(),
                                        .connect_timeout_ms = webhooks.connect_timeout_ms(),
                                        .timeout_ms = webhooks.timeout_ms(),
                                        .redirects_max = static_cast<int>(webhooks.redirects_max())};
}

Result<api::WebhookSettings> webhook_settings(const v1::Config& config) {
  using subscriptions::AddressGuard;
  using subscriptions::OutgoingPolicy;
  const v1::WebhooksConfig& webhooks = config.webhooks();
  auto networks = parse_networks(webhooks.allowed_networks());
  if (!networks) return tl::unexpected(networks.error());
  const auto private_addresses = webhooks.private_addresses() == "allow" ? AddressGuard::PrivateAddresses::kAllowed
                                                                         : AddressGuard::PrivateAddresses::kRefused;
  return api::WebhookSettings{.targets = {.schemes = webhooks.schemes() == "any" ? OutgoingPolicy::Schemes::kHttpToo
                                                                                 : OutgoingPolicy::Schemes::kHttpsOnly,
                                          .guard = AddressGuard(private_addresses, *std::move(networks))},
                              .webhooks_max = static_cast<std::uint32_t>(webhooks.per_workspace_max())};
}

}  // namespace keyfold::ops
