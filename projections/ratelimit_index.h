#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "projections/rows.h"

namespace keyfold::projections {

/// Numbers that take the place of a call's own.
struct RatelimitOverride {
  std::string override_id;
  std::string identifier;  // as it was set; may hold wildcards
  std::int64_t limit = 0;
  std::int64_t duration_ms = 0;
};

/// What is known of an identifier in a namespace.
struct RatelimitRule {
  std::string namespace_id;
  bool is_deleted = false;  // the namespace is
  std::optional<RatelimitOverride> override;
};

/// The namespaces of one partition's workspaces and their overrides. One writer (the partition's), any number of
/// readers: a look-up holds a shared lock for two or three look-ups in tables and for its namespace's wildcards.
class RatelimitIndex {
 public:
  RatelimitIndex();
  ~RatelimitIndex();
  RatelimitIndex(const RatelimitIndex&) = delete;
  RatelimitIndex& operator=(const RatelimitIndex&) = delete;

  /// The rule of the namespace of that id or name; of its overrides the one with exactly this identifier, else the
  /// wildcard created first of those that match. Nothing when the workspace has no such namespace. Thread-safe.
  [[nodiscard]] std::optional<RatelimitRule> find(std::string_view workspace_id, std::string_view id_or_name,
                                                  std::string_view identifier) const;

  /// Brings the index up to date with changes that were just committed. Writer only.
  void apply(const Changes& changes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::projections
