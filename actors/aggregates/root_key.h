#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// kIdTaken when the id was ever used in this partition.
[[nodiscard]] Decided decide(const v1::CreateRootKey& command, const Context& context,
                             const projections::RowReader& reader);

/// kRootKeyNotFound unless it is a live root key of this workspace; likewise below. Equal values change nothing.
[[nodiscard]] Decided decide(const v1::UpdateRootKey& command, const Context& context,
                             const projections::RowReader& reader);
[[nodiscard]] Decided decide(const v1::RevokeRootKey& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
