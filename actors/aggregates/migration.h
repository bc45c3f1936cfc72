#pragma once

#include <optional>

#include "actors/aggregates/decision.h"
#include "projections/rows.pb.h"

namespace keyfold::actors {

/// The migration when it is of this workspace.
[[nodiscard]] std::optional<rows::MigrationRow> find_own_migration(const Context& context,
                                                                   const projections::RowReader& reader,
                                                                   std::string_view migration_id);

/// kIdTaken when the id was ever used in this partition; kInvalidInput for an unknown algorithm.
[[nodiscard]] Decided decide(const v1::CreateMigration& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
