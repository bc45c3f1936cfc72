#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Portals and their sessions. Rows: `p/<portal_id>` -> PortalRow, `n/<workspace_id>/<slug>` -> portal id,
/// `l/<workspace_id>/<portal_id>` -> nothing; `s/<session_id>` -> PortalSessionRow, `c/<hash of the code>` and
/// `t/<hash of the token>` -> session id. A redeemed code has no row.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::PortalRow> find_portal(const RowReader& rows, std::string_view portal_id);
[[nodiscard]] std::optional<std::string> find_portal_id_by_slug(const RowReader& rows, std::string_view workspace_id,
                                                                std::string_view slug);
[[nodiscard]] std::optional<rows::PortalSessionRow> find_portal_session(const RowReader& rows,
                                                                        std::string_view session_id);
/// The session whose code is not redeemed yet; expiry is the caller's check, as below.
[[nodiscard]] std::optional<rows::PortalSessionRow> find_portal_session_by_code(const RowReader& rows,
                                                                                std::string_view code_hash);
[[nodiscard]] std::optional<rows::PortalSessionRow> find_portal_session_by_token(const RowReader& rows,
                                                                                 std::string_view token_hash);

void fold_portal(const events::Event& event, Overlay& rows);
inline constexpr Projector kPortalProjector{"portals", Table::kPortals, 1, fold_portal};

}  // namespace keyfold::projections
