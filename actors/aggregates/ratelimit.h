#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// Creates the namespaces that the workspace lacks, each name once; those that it has are left alone, because losing
/// the race to create one is no error. kRatelimitNamespaceGone when a name was deleted, kIdTaken when an id is taken.
[[nodiscard]] Decided decide(const v1::CreateRatelimitNamespaces& command, const Context& context,
                             const projections::RowReader& reader);
/// kRatelimitNamespaceNotFound when there is no such live namespace; likewise below.
[[nodiscard]] Decided decide(const v1::DeleteRatelimitNamespace& command, const Context& context,
                             const projections::RowReader& reader);
/// An identifier that has an override keeps its id, and equal numbers change nothing. kIdTaken when the candidate is
/// taken, kInvalidInput when the namespace has its fill of wildcards.
[[nodiscard]] Decided decide(const v1::SetRatelimitOverride& command, const Context& context,
                             const projections::RowReader& reader);
/// kRatelimitOverrideNotFound when the identifier, compared exactly, has none.
[[nodiscard]] Decided decide(const v1::DeleteRatelimitOverride& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
