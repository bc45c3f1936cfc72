#pragma once

#include <span>
#include <string>
#include <string_view>

namespace keyfold::api {

/// Whether an API's list of addresses lets a client in. Addresses are equal when they mean the same one, however they
/// are written; an IPv4 address inside IPv6 (`::ffff:1.2.3.4`) is that IPv4 address. An empty list lets everybody in,
/// any other nobody whose address can't be read.
[[nodiscard]] bool lets_in(std::span<const std::string> ip_allowlist, std::string_view client_ip);

}  // namespace keyfold::api
