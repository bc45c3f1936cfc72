#pragma once

#include <optional>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Root keys. Rows: `r/<root_key_id>` -> RootKeyRow, revoked ones included, and of live ones only
/// `n/<workspace_id>/<root_key_id>` -> "".
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::RootKeyRow> find_root_key(const RowReader& rows, std::string_view root_key_id);

void fold_root_key(const events::Event& event, Overlay& rows);
inline constexpr Projector kRootKeyProjector{"root_keys", Table::kRootKeys, 2, fold_root_key};

}  // namespace keyfold::projections
