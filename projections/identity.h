#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Identities. Rows of live ones: `i/<identity_id>` -> IdentityRow, `e/<workspace_id>/<external_id>` -> identity id,
/// `n/<workspace_id>/<identity_id>` -> external id. Of deleted ones `d/<identity_id>` -> "": keys may still name them,
/// so that their ids must never come to mean somebody else.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::IdentityRow> find_identity(const RowReader& rows, std::string_view identity_id);
[[nodiscard]] std::optional<std::string> find_identity_id_by_external_id(const RowReader& rows,
                                                                         std::string_view workspace_id,
                                                                         std::string_view external_id);
/// Also by one that was deleted.
[[nodiscard]] bool is_used_identity_id(const RowReader& rows, std::string_view identity_id);

void fold_identity(const events::Event& event, Overlay& rows);
inline constexpr Projector kIdentityProjector{"identities", Table::kIdentities, 2, fold_identity};

}  // namespace keyfold::projections
