#pragma once

#include "actors/aggregates/decision.h"

namespace keyfold::actors {

/// kIdTaken when the workspace exists; kInvalidInput unless the command goes to the workspace that it creates.
[[nodiscard]] Decided decide(const v1::CreateWorkspace& command, const Context& context,
                             const projections::RowReader& reader);

/// Changes the command's workspace; equal values change nothing.
[[nodiscard]] Decided decide(const v1::UpdateWorkspace& command, const Context& context,
                             const projections::RowReader& reader);

}  // namespace keyfold::actors
