#include "projections/key_index_scopes.h"

#include "projections/api.h"

namespace keyfold::projections {

std::optional<std::uint32_t> Scopes::hold(const rows::KeyRow& row, const RowReader& rows) {
  auto open = open_.find(row.api_id());
  std::vector<std::string> ip_allowlist;
  if (open == open_.end()) {
    if (closed_apis_.contains(row.api_id())) return {};
    const auto api = find_api(rows, row.api_id());
    if (!api || api->deleted_at_ms() != 0) {
      closed_apis_.insert(row.api_id());
      return {};
    }
    open = open_.try_emplace(row.api_id()).first;
    ip_allowlist.assign(api->ip_allowlist().begin(), api->ip_allowlist().end());
  }
  for (const std::uint32_t id : open->second) {
    const Scope& scope = scopes_[id];
    if (scope.keyspace_id == row.keyspace_id() && scope.workspace_id == row.workspace_id()) {
      scopes_.hold(id);
      return id;
    }
  }
  if (!open->second.empty()) ip_allowlist = scopes_[open->second.front()].ip_allowlist;
  const std::uint32_t id = scopes_.add(std::make_unique<const Scope>(
      Scope{row.api_id(), row.keyspace_id(), row.workspace_id(), false, std::move(ip_allowlist)}));
  open->second.push_back(id);
  return id;
}

void Scopes::release(std::uint32_t id) {
  const Scope& scope = scopes_[id];
  if (scope.closed) {
    --closed_keys_;
  } else if (scopes_.holders(id) == 1) {
    const auto open = open_.find(scope.api_id);
    std::erase(open->second, id);
    if (open->second.empty()) open_.erase(open);
  }
  scopes_.release(id);
}

void Scopes::change_api(std::string_view api_id, const std::optional<std::string>& value) {
  const auto open = open_.find(std::string(api_id));
  if (open == open_.end()) return;
  rows::ApiRow row;
  if (value && row.ParseFromString(*value) && row.deleted_at_ms() == 0) return allow(open->second, row);
  close(open->second);
  open_.erase(open);
}

void Scopes::close(const std::vector<std::uint32_t>& ids) {
  for (const std::uint32_t id : ids) {
    Scope scope = scopes_[id];
    scope.closed = true;
    closed_keys_ += scopes_.holders(id);
    scopes_.replace(id, std::make_unique<const Scope>(std::move(scope)));
  }
}

void Scopes::allow(const std::vector<std::uint32_t>& ids, const rows::ApiRow& row) {
  const std::vector<std::string> ip_allowlist(row.ip_allowlist().begin(), row.ip_allowlist().end());
  for (const std::uint32_t id : ids) {
    if (scopes_[id].ip_allowlist == ip_allowlist) continue;
    Scope scope = scopes_[id];
    scope.ip_allowlist = ip_allowlist;
    scopes_.replace(id, std::make_unique<const Scope>(std::move(scope)));
  }
}

std::uint64_t Scopes::bytes() const {
  constexpr std::uint64_t kEntryBytes = 128;  // a node with two short texts, the vector's one number, a bucket
  return scopes_.bytes() + open_.size() * kEntryBytes;
}

}  // namespace keyfold::projections
