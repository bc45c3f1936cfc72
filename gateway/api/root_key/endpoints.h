#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_root_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_root_keys(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_root_key(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> revoke_root_key(const Call& call, const Services& services);

/// The workspace that a root-key endpoint acts on: the body's `workspaceId`, else the caller's. Refuses callers who
/// hold neither `root_key.*.<action>` there nor `workspace.*.manage_root_keys`.
[[nodiscard]] Answered<std::string> root_key_workspace(const Call& call, std::string_view action);

}  // namespace keyfold::api
