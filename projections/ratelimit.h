#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Rate limit namespaces and their overrides. Rows: `n/<namespace_id>` -> RatelimitNamespaceRow (a deleted namespace
/// keeps it), `m/<workspace_id>/<name>` -> namespace id (as long as the row: a name is used once), of live namespaces
/// `w/<workspace_id>/<namespace_id>` -> "", `o/<namespace_id>/<override_id>` -> RatelimitOverrideRow and
/// `e/<namespace_id>/<identifier>` -> override id.
namespace keyfold::projections {

/// Deleted namespaces included: `deleted_at_ms` tells.
[[nodiscard]] std::optional<rows::RatelimitNamespaceRow> find_ratelimit_namespace(const RowReader& rows,
                                                                                  std::string_view namespace_id);
/// Deleted namespaces included. Names are compared exactly.
[[nodiscard]] std::optional<std::string> find_ratelimit_namespace_id_by_name(const RowReader& rows,
                                                                             std::string_view workspace_id,
                                                                             std::string_view name);
[[nodiscard]] std::optional<rows::RatelimitOverrideRow> find_ratelimit_override(const RowReader& rows,
                                                                                std::string_view namespace_id,
                                                                                std::string_view override_id);
/// By the identifier as it was written, wildcards included.
[[nodiscard]] std::optional<std::string> find_ratelimit_override_id(const RowReader& rows,
                                                                    std::string_view namespace_id,
                                                                    std::string_view identifier);

void fold_ratelimit(const events::Event& event, Overlay& rows);
inline constexpr Projector kRatelimitProjector{"ratelimits", Table::kRatelimits, 2, fold_ratelimit};

}  // namespace keyfold::projections
