#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// APIs with their keyspaces, deleted ones included. Rows: `a/<api_id>` -> ApiRow, `n/<workspace_id>/<api_id>` -> "",
/// `s/<keyspace_id>` -> api id.
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::ApiRow> find_api(const RowReader& rows, std::string_view api_id);
[[nodiscard]] std::optional<std::string> find_api_id_by_keyspace(const RowReader& rows, std::string_view keyspace_id);

void fold_api(const events::Event& event, Overlay& rows);
inline constexpr Projector kApiProjector{"apis", Table::kApis, 2, fold_api};

}  // namespace keyfold::projections
