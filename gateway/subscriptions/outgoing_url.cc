#include "gateway/subscriptions/outgoing_url.h"

#include <algorithm>
#include <charconv>

#include "schemas/base/encoding.h"

namespace keyfold::subscriptions {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kFirstFreePort = 1'024;

tl::unexpected<Error> refuse(std::string what, std::string hint = {}) {
  return fail(ErrorCode::kInvalidArgument, std::move(what), {}, std::move(hint));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_'; }

/// What begins like a number could be an address in a form that only some resolvers understand (0x7f.1, 2130706433).
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view label = host.substr(host.rfind('.') + 1);
  return !label.empty() && is_digit(label.front()) && (label.starts_with("0x") || std::ranges::all_of(label, is_digit));
}

Status take_scheme(std::string_view& text, OutgoingPolicy::Schemes schemes, OutgoingUrl& url) {
  const std::size_t end = text.find("://");
  const std::string scheme = to_lower(text.substr(0, end == std::string_view::npos ? 0 : end));
  const bool may_be_http = schemes == OutgoingPolicy::Schemes::kHttpToo;
  if (scheme != "https" && !(scheme == "http" && may_be_http)) {
    return refuse("the URL's scheme must be https" + std::string(may_be_http ? " or http" : ""),
                  scheme == "http" ? "an operator may allow http: webhooks.schemes" : "write https://host/path");
  }
  url.is_https = scheme == "https";
  url.port = url.is_https ? kHttpsPort : kHttpPort;
  text.remove_prefix(end + 3);
  return {};
}

Status read_port(std::string_view digits, OutgoingUrl& url) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65'535) {
    return refuse("the URL's port must be a number from 1 to 65535");
  }
  if (port < kFirstFreePort && port != kHttpPort && port != kHttpsPort) {
    return refuse("port " + std::to_string(port) + " belongs to another kind of service",
                  "use 443, 80, or a port from 1024 on");
  }
  url.port = static_cast<std::uint16_t>(port);
  return {};
}

Status read_authority(std::string_view authority, OutgoingUrl& url) {
  if (authority.find('@') != std::string_view::npos) {
    return refuse("the URL must not hold a user name or password", "send credentials in `headers`");
  }
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return refuse("the URL's IPv6 address must end with a bracket");
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!parse_ip_address(host) || host.find(':') == std::string_view::npos) {
      return refuse("'" + std::string(host) + "' is no IPv6 address");
    }
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  url.host = to_lower(host);
  if (!port.empty()) {
    if (port.front() != ':') return refuse("the URL's host is followed by what is no port");
    if (port.size() > 1) return read_port(port.substr(1), url);
  }
  return {};
}

Status check_host(const OutgoingUrl& url, const AddressGuard& guard) {
  if (const auto address = parse_ip_address(url.host)) return guard.check(*address);
  if (url.host.empty() || url.host.size() > kHostBytesMax || url.host.front() == '.' ||
      !std::ranges::all_of(url.host, is_name_character)) {
    return refuse("'" + url.host + "' is no host name", "internationalised names are written in Punycode (xn--)");
  }
  if (ends_in_number(url.host))
    return refuse("'" + url.host + "' is neither a host name nor an address like 203.0.113.7");
  return {};
}

}  // namespace

Result<OutgoingUrl> check_outgoing_url(std::string_view text, const OutgoingPolicy& policy) {
  if (text.size() > kUrlBytesMax) return refuse("the URL is longer than 2048 bytes");
  const auto is_foreign = [](unsigned char c) {
    return c <= ' ' || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>';
  };
  if (std::ranges::any_of(text, is_foreign)) {
    return refuse("the URL holds a space or another character that must be percent-encoded");
  }
  if (text.find('#') != std::string_view::npos) return refuse("the URL must not have a fragment", "leave out the #");
  OutgoingUrl url;
  if (Status read = take_scheme(text, policy.schemes, url); !read) return tl::unexpected(read.error());
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  if (Status read = read_authority(text.substr(0, end), url); !read) return tl::unexpected(read.error());
  if (Status checked = check_host(url, policy.guard); !checked) return tl::unexpected(checked.error());
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

Result<OutgoingUrl> follow_redirect(const OutgoingUrl& from, std::string_view location, const OutgoingPolicy& policy) {
  if (!location.starts_with('/') || location.starts_with("//")) return check_outgoing_url(location, policy);
  const bool is_v6 = from.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + from.host + "]" : from.host;
  return check_outgoing_url(
      (from.is_https ? "https://" : "http://") + host + ":" + std::to_string(from.port) + std::string(location),
      policy);
}

}  // namespace keyfold::subscriptions
