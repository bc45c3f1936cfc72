#pragma once

#include <optional>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Migrations: where keys came from. Rows: `m/<migration_id>` -> MigrationRow, `n/<workspace_id>/<migration_id>` -> "".
namespace keyfold::projections {

[[nodiscard]] std::optional<rows::MigrationRow> find_migration(const RowReader& rows, std::string_view migration_id);

void fold_migration(const events::Event& event, Overlay& rows);
inline constexpr Projector kMigrationProjector{"migrations", Table::kMigrations, 1, fold_migration};

}  // namespace keyfold::projections
