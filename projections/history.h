#pragma once

#include <map>
#include <string>
#include <vector>

#include "events/event.h"
#include "projections/resources.h"
#include "projections/rows.h"

/// What an event changed: the rows before it and after it, compared.
namespace keyfold::projections {

struct ResourceChange {
  /// A thing that is deleted but kept counts as deleted.
  enum class Kind { kCreated, kUpdated, kDeleted } kind = Kind::kUpdated;
  ResourceId resource;
  /// JSON of a member before and after; "null" where it was or is absent.
  struct Values {
    std::string from;
    std::string to;
  };
  std::map<std::string, Values> members;  // only those that differ, by name
};

/// The change from one public form to the other (nothing: absent), without members that only say when. Pure.
[[nodiscard]] ResourceChange compare(ResourceId resource, const std::optional<std::string>& before,
                                     const std::optional<std::string>& after);

/// Folds events of a workspace one after another and tells what each changed. Not thread-safe.
class HistoryFolder {
 public:
  /// `before`: the rows before the first event. When only some events are folded, e.g. those of one resource, what
  /// others did to its row is not seen.
  explicit HistoryFolder(const RowReader& before) : rows_(before) {}

  std::vector<ResourceChange> fold(const events::Event& event);
  [[nodiscard]] const RowReader& rows() const { return rows_; }

 private:
  Overlay rows_;
};

/// No rows at all.
class NoRows final : public RowReader {
 public:
  [[nodiscard]] std::optional<std::string> get(Table, std::string_view) const override { return std::nullopt; }
};

}  // namespace keyfold::projections
