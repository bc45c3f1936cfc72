#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// kPortalExists when the workspace has the slug, kApiNotFound unless every API is live, kIdTaken.
[[nodiscard]] Decided decide(const v1::CreatePortal& command, const Context& context,
                             const projections::RowReader& reader);

/// kPortalNotFound. Nothing happens when the portal is like that already.
[[nodiscard]] Decided decide(const v1::UpdatePortal& command, const Context& context,
                             const projections::RowReader& reader);

/// kPortalNotFound, also for a disabled one; kIdTaken.
[[nodiscard]] Decided decide(const v1::CreatePortalSession& command, const Context& context,
                             const projections::RowReader& reader);

/// Redeems a code once: kPortalSessionNotFound when it is unknown, redeemed or expired.
[[nodiscard]] Decided decide(const v1::ExchangePortalCode& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
