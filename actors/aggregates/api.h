#pragma once

#include <optional>

#include "actors/aggregates/decision.h"
#include "projections/rows.pb.h"

namespace keyfold::actors {

/// The API when it is live and of this workspace.
[[nodiscard]] std::optional<rows::ApiRow> find_live_api(const Context& context, const projections::RowReader& reader,
                                                        std::string_view api_id);

/// Creates the API and its keyspace. kIdTaken when one of the ids was ever used in this partition.
[[nodiscard]] Decided decide(const v1::CreateApi& command, const Context& context,
                             const projections::RowReader& reader);

/// Changes the members that the command holds; nothing happens when they are like that already. kApiNotFound;
/// kKeyspaceMissing when a member of the keyspace has none to change.
[[nodiscard]] Decided decide(const v1::UpdateApi& command, const Context& context,
                             const projections::RowReader& reader);

/// kApiNotFound unless it is a live API of this workspace; kApiProtected when its deletion is switched off.
[[nodiscard]] Decided decide(const v1::DeleteApi& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
