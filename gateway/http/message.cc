#include "gateway/http/message.h"

#include <strings.h>

namespace keyfold::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "[2001:db8::1]:80" -> "2001:db8::1", "1.2.3.4:80" -> "1.2.3.4"; a bare IPv6 address has several colons and stays.
std::string_view without_port(std::string_view address) {
  if (address.starts_with('[')) {
    const auto end = address.find(']');
    return end == std::string_view::npos ? address : address.substr(1, end - 1);
  }
  const auto colon = address.find(':');
  if (colon == std::string_view::npos || address.find(':', colon + 1) != std::string_view::npos) return address;
  return address.substr(0, colon);
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  }
  return std::nullopt;
}

std::string Request::client_ip() const {
  auto forwarded = header("X-Forwarded-For").value_or("");
  while (!forwarded.empty()) {
    const auto comma = forwarded.find(',');
    const auto entry = without_port(trim(forwarded.substr(0, comma)));
    if (!entry.empty()) return std::string(entry);
    if (comma == std::string_view::npos) break;
    forwarded.remove_prefix(comma + 1);
  }
  return std::string(peer);
}

}  // namespace keyfold::http
