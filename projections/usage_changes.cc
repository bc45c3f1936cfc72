#include "projections/usage_changes.h"

#include <algorithm>
#include <limits>

#include "projections/usage_counts.h"
#include "projections/usage_rows.h"

namespace keyfold::projections {
namespace {

std::string encoded_count(std::int64_t minute, const std::string& outcome, std::uint64_t count) {
  OutcomeCounts counts;
  counts.add(static_cast<std::uint8_t>(minute), outcome, count);
  return counts.encode();
}

std::string encoded_number(std::int64_t number) {
  std::string bytes;
  put_number(bytes, number);
  return bytes;
}

}  // namespace

void UsageChanges::add(const v1::UsageBatch& batch) {
  for (const v1::Verification& verification : batch.verifications()) add(verification);
  for (const v1::WindowCharge& charge : batch.window_charges()) add(charge);
}

void UsageChanges::add(const v1::Verification& verification) {
  const std::int64_t time_ms = std::max<std::int64_t>(verification.time_ms(), 0);
  const std::int64_t minute_ms = time_ms - time_ms % kMinuteMs;
  cell_key_.clear();
  for (const std::string* part : {&verification.workspace_id(), &verification.external_id(),
                                  &verification.keyspace_id(), &verification.key_id(), &verification.outcome()}) {
    put_text(cell_key_, *part);
  }
  put_number(cell_key_, minute_ms);
  Cell& cell = cells_[cell_key_];
  if (cell.count++ > 0) return;
  cell.workspace_id = verification.workspace_id();
  cell.owner = verification.external_id().empty() ? key_owner(verification.key_id())
                                                  : identity_owner(verification.external_id());
  cell.keyspace_id = verification.keyspace_id();
  cell.key_id = verification.key_id();
  cell.outcome = verification.outcome();
  cell.minute_ms = minute_ms;
}

void UsageChanges::add(const v1::WindowCharge& charge) {
  if (charge.tokens() <= 0 || charge.duration_ms() <= 0) return;
  std::int64_t& tokens = windows_[window_key(charge.counter(), charge.duration_ms(), charge.window())];
  tokens += std::min(charge.tokens(), std::numeric_limits<std::int64_t>::max() - tokens);
}

rocksdb::Status UsageChanges::write_cell(const Cell& cell, rocksdb::WriteBatch& write, const UsageFamilies& families) {
  const std::int64_t hour_ms = cell.minute_ms - cell.minute_ms % kHourMs;
  const std::int64_t day_ms = cell.minute_ms - cell.minute_ms % kDayMs;
  const std::string prefix = owner_prefix(cell.workspace_id, cell.owner);
  const auto row_of = [&](std::int64_t start_ms) {
    std::string key = prefix;
    put_number(key, start_ms);
    put_text(key, cell.keyspace_id);
    put_text(key, cell.key_id);
    return key;
  };
  const std::int64_t minute = (cell.minute_ms - hour_ms) / kMinuteMs;
  rocksdb::Status status =
      write.Merge(families.minutes, row_of(hour_ms), encoded_count(minute, cell.outcome, cell.count));
  if (status.ok()) status = write.Merge(families.days, row_of(day_ms), encoded_count(0, cell.outcome, cell.count));
  if (status.ok()) {
    status = write.Merge(families.last_used, last_used_prefix(cell.workspace_id, cell.key_id) + cell.owner,
                         encoded_number(cell.minute_ms));
  }
  return status;
}

rocksdb::Status UsageChanges::write_to(rocksdb::WriteBatch& write, const UsageFamilies& families) const {
  for (const auto& [key, cell] : cells_) {
    if (auto status = write_cell(cell, write, families); !status.ok()) return status;
  }
  for (const auto& [key, tokens] : windows_) {
    if (auto status = write.Merge(families.windows, key, encoded_number(tokens)); !status.ok()) return status;
  }
  return {};
}

}  // namespace keyfold::projections
