#pragma once

#include <optional>
#include <string_view>

#include "projections/projector.h"
#include "projections/rows.pb.h"

/// Answers kept for Idempotency-Keys. Rows: `c/<32 bytes of key hash>` -> CommandRow, and a queue of what is to be
/// forgotten: `q/head` and `q/tail` (8 bytes each; integers here are big endian) and from the one up to the other
/// `q/<8 bytes>` -> expires_at_ms (8 bytes) and key hash. Every recorded command removes at most 4 that have expired
/// by its own time, so that the table stays bounded and every replay removes the same ones.
namespace keyfold::projections {

/// May have expired already: the caller compares `expires_at_ms`.
[[nodiscard]] std::optional<rows::CommandRow> find_command(const RowReader& rows, std::string_view key_hash);

void fold_command(const events::Event& event, Overlay& rows);
inline constexpr Projector kCommandProjector{"commands", Table::kCommands, 1, fold_command};

}  // namespace keyfold::projections
