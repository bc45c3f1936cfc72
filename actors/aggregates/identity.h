#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// The id of the identity with that external id; plans its creation, with no meta, under the candidate id when the
/// workspace has none. kIdTaken when the candidate id is taken.
[[nodiscard]] tl::expected<std::string, Rejection> resolve_identity(const v1::Reference& reference,
                                                                    const Context& context,
                                                                    const projections::RowReader& reader,
                                                                    Decision& decision);

}  // namespace keyfold::actors
