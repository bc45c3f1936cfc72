#include "gateway/api/webhook/webhook_fields.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "gateway/api/event_types.h"
#include "gateway/subscriptions/outgoing_url.h"
#include "schemas/base/encoding.h"

namespace keyfold::api {
namespace {

constexpr std::array<std::string_view, 9> kReservedHeaders = {
    "host", "connection", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"};
constexpr std::size_t kHeaderNameMax = 128;
constexpr std::size_t kHeaderValueMax = 4'096;
constexpr std::array<std::string_view, 3> kReservedPrefixes = {"content-", "proxy-", "webhook-"};

bool is_reserved(const std::string& lower_case) {
  return std::ranges::find(kReservedHeaders, lower_case) != kReservedHeaders.end() ||
         std::ranges::any_of(kReservedPrefixes,
                             [&](std::string_view prefix) { return lower_case.starts_with(prefix); });
}

/// A token of RFC 9110, section 5.6.2.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const auto is_allowed = [&](unsigned char c) {
    return std::isalnum(c) != 0 || kOthers.find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kHeaderNameMax && std::ranges::all_of(name, is_allowed);
}

/// RFC 9110, section 5.5, without the bytes above ASCII.
bool is_header_value(const nlohmann::json& json) {
  const auto* text = json.get_ptr<const std::string*>();
  if (text == nullptr || text->size() > kHeaderValueMax) return false;
  const std::string& value = *text;
  const auto is_allowed = [](unsigned char c) { return c == '\t' || (c >= ' ' && c < 0x7f); };
  return std::ranges::all_of(value, is_allowed) && !value.starts_with(' ') && !value.ends_with(' ');
}

}  // namespace

std::optional<ApiError> read_webhook_fields(const Call& call, const Services& services, v1::WebhookUpdated& out) {
  if (const auto* url = call.find("url")) {
    const auto& text = url->get_ref<const std::string&>();
    if (const auto checked = subscriptions::check_outgoing_url(text, services.webhooks.targets); !checked) {
      return invalid_input("`url` can't be used: " + checked.error().to_string() + ".");
    }
    out.set_url(text);
  }
  if (const auto* types = call.find("types")) {
    if (auto refused = check_event_types(types->get<std::vector<std::string>>())) return refused;
    auto& patterns = *out.mutable_types()->mutable_patterns();
    for (const auto& type : *types) *patterns.Add() = type.get<std::string>();
  }
  if (const auto* kind = call.find("resourceKind")) out.set_resource_kind(kind->get<std::string>());
  if (const auto* id = call.find("resourceId")) out.set_resource_id(id->get<std::string>());
  if (const auto* description = call.find("description")) out.set_description(description->get<std::string>());
  if (const auto* ordered = call.find("ordered")) out.set_ordered(ordered->get<bool>());
  if (const auto* enabled = call.find("enabled")) out.set_enabled(enabled->get<bool>());
  return std::nullopt;
}

Answered<WebhookHeaders> webhook_headers_from(const nlohmann::json& headers) {
  WebhookHeaders read;
  for (const auto& [name, value] : headers.items()) {
    const std::string lower_case = to_lower(name);
    if (!is_header_name(name)) return refuse(invalid_input("`headers` holds a name that no header may have."));
    if (is_reserved(lower_case)) {
      return refuse(invalid_input("`headers` must not hold '" + name + "', which deliveries use themselves."));
    }
    const bool is_twice =
        std::ranges::any_of(read, [&](const auto& before) { return to_lower(before.name()) == lower_case; });
    if (is_twice) return refuse(invalid_input("`headers` holds '" + name + "' twice, in other letter case."));
    if (!is_header_value(value)) {
      return refuse(invalid_input("`headers` has a value of '" + name +
                                  "' that no header may hold: write a text of visible ASCII characters and spaces "
                                  "between them, up to 4096."));
    }
    auto& header = *read.Add();
    header.set_name(name);
    header.set_value(value.get<std::string>());
  }
  return read;
}

}  // namespace keyfold::api
