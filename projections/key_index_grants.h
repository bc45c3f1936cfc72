#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "projections/key_index_interner.h"
#include "projections/rows.h"
#include "projections/rows.pb.h"

namespace keyfold::projections {

/// What a key may do: the permissions and roles that its row names, resolved.
struct Grant {
  std::string text;                           // what the views point to
  std::vector<std::string_view> permissions;  // slugs, direct and through roles; sorted, distinct
  std::vector<std::string_view> roles;        // names; sorted, distinct

  [[nodiscard]] std::uint64_t bytes() const {
    return sizeof(Grant) + text.capacity() + (permissions.capacity() + roles.capacity()) * sizeof(std::string_view);
  }
};

/// The grants of a partition's keys, each combination of permissions and roles once; number 0 is the empty one. A
/// changed role or permission replaces every grant that it is part of. One writer; `operator[]` for readers under a
/// ReadGuard.
class Grants {
 public:
  explicit Grants(Reclaimer& reclaimer);

  [[nodiscard]] const Grant& operator[](std::uint32_t id) const { return grants_[id]; }

  /// The grant of that key, held once more.
  [[nodiscard]] std::uint32_t hold(const rows::KeyRow& row, const RowReader& rows);
  void release(std::uint32_t id);
  /// Take note of a row; no value: there is none any more.
  void change_role(std::string_view role_id, const std::optional<std::string>& value, const RowReader& rows);
  void change_permission(std::string_view permission_id, const std::optional<std::string>& value);

  [[nodiscard]] std::uint64_t bytes() const { return grants_.bytes() + part_bytes_; }

 private:
  struct PermissionPart {
    std::string slug;  // empty: it has no row
    std::uint32_t users = 0;
  };
  using Permissions = std::unordered_map<std::string, PermissionPart>;
  struct RolePart {
    std::string name;  // empty: it has no row
    std::vector<Permissions::value_type*> permissions;
    std::uint32_t users = 0;
  };
  using Roles = std::unordered_map<std::string, RolePart>;
  /// What a grant is made of.
  struct Recipe {
    std::string name;  // in `by_name_`
    std::vector<Permissions::value_type*> permissions;
    std::vector<Roles::value_type*> roles;
    [[nodiscard]] bool uses(const Permissions::value_type* permission) const;
    [[nodiscard]] bool uses(const Roles::value_type* role) const;
  };

  [[nodiscard]] Permissions::value_type* hold_permission(std::string_view permission_id, const RowReader& rows);
  [[nodiscard]] Roles::value_type* hold_role(std::string_view role_id, const RowReader& rows);
  void release_permission(Permissions::value_type* permission);
  void release_role(Roles::value_type* role);
  void fill_role(RolePart& role, const std::optional<rows::RoleRow>& row, const RowReader& rows);
  template <class Part>
  void replace_users_of(const Part* part);
  [[nodiscard]] static std::unique_ptr<const Grant> cook(const Recipe& recipe);

  Interner<Grant> grants_;
  std::vector<Recipe> recipes_;                             // by number
  std::unordered_map<std::string, std::uint32_t> by_name_;  // sorted permission ids, sorted role ids
  Permissions permissions_;
  Roles roles_;
  std::uint64_t part_bytes_ = 0;  // about; of all but the grants
  // Of one call of `hold`, kept for their capacity.
  std::vector<std::string_view> permission_ids_;
  std::vector<std::string_view> role_ids_;
  std::string name_;
};

}  // namespace keyfold::projections
