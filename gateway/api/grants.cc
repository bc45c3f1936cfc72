#include "gateway/api/grants.h"

#include <algorithm>
#include <optional>

namespace keyfold::api {
namespace {

constexpr std::string_view kAdministrator = "administrator";
constexpr std::string_view kUrnScheme = "unkey:";
constexpr std::string_view kUrnStart = "unkey:v1:";
// Tuples that reach beyond the root key's own workspace, so that administrator, which ends there, does not imply them.
constexpr std::string_view kBeyondOwnWorkspace[] = {"workspace.", "audit."};

bool is_beyond_own_workspace(std::string_view tuple) {
  return std::any_of(std::begin(kBeyondOwnWorkspace), std::end(kBeyondOwnWorkspace),
                     [&](std::string_view type) { return tuple.starts_with(type); });
}

/// The parts of unkey:v1:<workspace>:<path>#<action>, as views of the text.
struct Urn {
  std::string_view workspace;
  std::string_view path;
  std::string_view action;
};

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool contains(std::string_view text, std::string_view any_of) {
  return text.find_first_of(any_of) != std::string_view::npos;
}

// Takes the part before the first separator off the text.
std::string_view take_part(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

// Segments joined by single slashes; `*` is a whole segment, `**` the last one.
bool is_path(std::string_view path) {
  if (path.empty() || path.back() == '/') return false;
  while (!path.empty()) {
    const std::string_view segment = take_part(path, '/');
    const bool is_wildcard = segment == "*" || (segment == "**" && path.empty());
    if (segment.empty() || (!is_wildcard && contains(segment, "*"))) return false;
  }
  return true;
}

bool is_action(std::string_view action, std::string_view path) {
  if (action == "*") return path == "**";
  return !action.empty() && !contains(action, "/:#*") && action.front() != '_' && action.back() != '_';
}

std::optional<Urn> parse_urn(std::string_view text) {
  if (!text.starts_with(kUrnStart) || !is_printable(text)) return std::nullopt;
  text.remove_prefix(kUrnStart.size());
  Urn urn;
  urn.workspace = take_part(text, ':');
  if (urn.workspace.empty() || contains(urn.workspace, "/#*")) return std::nullopt;
  const auto hash = text.find('#');
  if (hash == std::string_view::npos) return std::nullopt;
  urn.path = text.substr(0, hash);
  urn.action = text.substr(hash + 1);
  if (contains(urn.path, ":") || !is_path(urn.path) || !is_action(urn.action, urn.path)) return std::nullopt;
  return urn;
}

// A wildcard in `asked` is covered only by one that is as wide: whoever asks for all must be granted all.
bool covers_path(std::string_view granted, std::string_view asked) {
  while (true) {
    if (granted == "**") return true;  // also the base itself, when nothing is left of `asked`
    if (granted.empty() || asked.empty()) return granted.empty() && asked.empty();
    const std::string_view grant = take_part(granted, '/');
    const std::string_view part = take_part(asked, '/');
    const bool is_covered = grant == part || (grant == "*" && part != "**");
    if (!is_covered) return false;
  }
}

bool covers(const Urn& granted, const Urn& asked) {
  return granted.workspace == asked.workspace && (granted.action == "*" || granted.action == asked.action) &&
         covers_path(granted.path, asked.path);
}

bool holds(std::span<const std::string> held, std::string_view permission) {
  return std::binary_search(held.begin(), held.end(), permission);
}

bool holds_cover(std::span<const std::string> held, std::string_view urn) {
  const auto asked = parse_urn(urn);
  if (!asked) return false;
  for (auto at = std::lower_bound(held.begin(), held.end(), kUrnScheme);
       at != held.end() && std::string_view(*at).starts_with(kUrnScheme); ++at) {
    const auto granted = parse_urn(*at);
    if (granted && covers(*granted, *asked)) return true;
  }
  return false;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_tuple(std::string_view text) {
  if (std::count(text.begin(), text.end(), '.') != 2) return false;
  const std::string_view type = take_part(text, '.');
  const std::string_view id = take_part(text, '.');
  return is_name(type) && (id == "*" || is_name(id)) && is_name(text);
}

}  // namespace

bool is_administrator(std::span<const std::string> held) { return holds(held, kAdministrator); }

bool allows(std::span<const std::string> held, const Requirement& requirement) {
  if (!requirement.tuple.empty() && holds(held, requirement.tuple)) return true;
  if (!is_beyond_own_workspace(requirement.tuple) && is_administrator(held)) return true;
  return !requirement.urn.empty() && holds_cover(held, requirement.urn);
}

bool allows_any(std::span<const std::string> held, std::initializer_list<Requirement> requirements) {
  return std::any_of(requirements.begin(), requirements.end(),
                     [&](const Requirement& requirement) { return allows(held, requirement); });
}

bool may_grant(std::span<const std::string> held, std::string_view permission) {
  if (!is_grant(permission)) return false;
  if (holds(held, permission) || holds_cover(held, permission)) return true;
  return !is_beyond_own_workspace(permission) && is_administrator(held);
}

bool is_grant(std::string_view permission) {
  return permission == kAdministrator || is_tuple(permission) || parse_urn(permission).has_value();
}

}  // namespace keyfold::api
