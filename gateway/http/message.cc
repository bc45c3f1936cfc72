#include "gateway/http/message.h"

#include <strings.h>

#include <algorithm>

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

bool is_named(std::string_view header, std::string_view name) {
  return header.size() == name.size() && strncasecmp(header.data(), name.data(), name.size()) == 0;
}

// The first address of a list that has one; empty when none has.
std::string_view first_address(std::string_view list) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto address = without_port(trim(list.substr(0, comma)));
    if (!address.empty()) return address;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return {};
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (is_named(key, name)) return value;
  }
  return std::nullopt;
}

std::string_view Request::client_ip() const {
  for (const auto& [key, value] : headers) {
    if (!is_named(key, "X-Forwarded-For")) continue;
    if (const auto address = first_address(value); !address.empty()) return address;
  }
  return peer;
}

}  // namespace keyfold::http
