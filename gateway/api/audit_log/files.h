#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "events/tile.h"
#include "gateway/api/api.h"
#include "gateway/api/api_error.h"
#include "gateway/http/message.h"
#include "projections/audit_rows.h"

/// The files of C2SP tlog-tiles: `/audit/<log>/checkpoint`, `…/tile/<level>/<number>` and `…/tile/entries/<number>`.
namespace keyfold::api {

inline constexpr std::string_view kAuditPrefix = "/audit/";

struct AuditFile {
  projections::TreeId tree = 0;
  enum class Kind : std::uint8_t { kCheckpoint, kTile, kEntries } kind = Kind::kCheckpoint;
  events::Tile tile;  // of entries: at level 0
};

/// What a path below `/audit/` names, for a log with so many partitions; nothing for any other path.
[[nodiscard]] std::optional<AuditFile> parse_audit_path(std::string_view path, std::uint32_t partitions);

/// Whether the file is for those alone who hold `audit.*.read_entries`: a partition's entries tell names and addresses
/// of all workspaces; all others are hashes, and public unless the configuration says otherwise.
[[nodiscard]] bool needs_permission(const AuditFile& file, const Services& services);

inline constexpr std::string_view kReadEntries = "audit.*.read_entries";

/// Reads the file; 404 for what no published checkpoint covers. Entries take up to 256 reads of the log.
[[nodiscard]] Answered<http::Response> read_audit_file(const AuditFile& file, const Services& services);

}  // namespace keyfold::api
