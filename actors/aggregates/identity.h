#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// The id of the identity with that external id; plans its creation, with no meta, under the candidate id when the
/// workspace has none. kIdTaken when the candidate id is taken.
[[nodiscard]] tl::expected<std::string, Rejection> resolve_identity(const v1::Reference& reference,
                                                                    const Context& context,
                                                                    const projections::RowReader& reader,
                                                                    Decision& decision);

/// kIdentityExists when the workspace has the external id, kIdTaken when the id was ever used. Of several rate limits
/// with one name the last one counts.
[[nodiscard]] Decided decide(const v1::CreateIdentity& command, const Context& context,
                             const projections::RowReader& reader);

/// Changes the members that the command holds; what is as it was stays out of the event, and with nothing left there is
/// none. Rate limits are replaced by name, and a kept name keeps its id. The answer is the identity as it is then.
/// kIdentityNotFound.
[[nodiscard]] Decided decide(const v1::UpdateIdentity& command, const Context& context,
                             const projections::RowReader& reader);

/// kIdentityNotFound. Its keys still name it, but nobody is found by its id any more, then or later.
[[nodiscard]] Decided decide(const v1::DeleteIdentity& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
