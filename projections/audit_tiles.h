#pragma once

#include <filesystem>
#include <memory>

#include "events/tile.h"
#include "projections/audit_rows.h"
#include "schemas/base/result.h"

namespace keyfold::projections {

/// The trees of an audit store's directory as it was last flushed, whatever has become of the log since: what a log is
/// held against. Read-only, beside a running server too; thread-safe.
class AuditTiles {
 public:
  /// kNotFound when there is none of this version.
  [[nodiscard]] static Result<std::unique_ptr<AuditTiles>> open(const std::filesystem::path& directory);
  virtual ~AuditTiles() = default;

  /// Leaves of the tree.
  [[nodiscard]] virtual Result<std::uint64_t> size(TreeId tree) const = 0;
  [[nodiscard]] virtual Result<std::string> tile(TreeId tree, const events::Tile& tile) const = 0;
};

}  // namespace keyfold::projections
