#include "projections/rows.h"

#include <utility>

namespace keyfold::projections {

std::optional<std::string> Overlay::get(Table table, std::string_view key) const {
  const Entries& entries = entries_[static_cast<std::size_t>(table)];
  const auto found = entries.find(key);
  return found == entries.end() ? committed_->get(table, key) : found->second.value;
}

void Overlay::put(Table table, std::string key, std::string value) { write(table, std::move(key), std::move(value)); }

void Overlay::erase(Table table, std::string key) { write(table, std::move(key), std::nullopt); }

void Overlay::write(Table table, std::string key, std::optional<std::string> value) {
  written_bytes_ += key.size() + (value ? value->size() : 0);
  const auto row = entries_[static_cast<std::size_t>(table)].try_emplace(std::move(key)).first;
  row->second.value = std::move(value);
  if (row->second.batch == batch_) return;
  row->second.batch = batch_;
  written_.push_back({table, &*row});
}

Changes Overlay::take() {
  Changes changes;
  changes.reserve(written_.size());
  for (const auto& [table, row] : written_) changes.push_back({table, row->first, row->second.value, batch_});
  written_.clear();
  written_bytes_ = 0;
  ++batch_;
  return changes;
}

void Overlay::forget(const Changes& committed) {
  for (const Change& change : committed) {
    Entries& entries = entries_[static_cast<std::size_t>(change.table)];
    const auto found = entries.find(change.key);
    if (found != entries.end() && found->second.batch <= change.batch) entries.erase(found);
  }
}

void Overlay::clear() {
  for (Entries& entries : entries_) entries.clear();
  written_.clear();
  written_bytes_ = 0;
  // What was taken before must not pass for what is written from now on.
  ++batch_;
}

}  // namespace keyfold::projections
