#include "projections/command.h"

#include "projections/big_endian.h"
#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kCommands;
constexpr int kPrunedPerEvent = 4;
constexpr std::size_t kNumberBytes = 8;

std::uint64_t read_counter(const Overlay& rows, std::string_view key) {
  return from_big_endian(rows.get(kTable, key).value_or(""));
}

void write_counter(Overlay& rows, std::string_view key, std::uint64_t value) {
  rows.put(kTable, std::string(key), to_big_endian(value, kNumberBytes));
}

std::string place_key(std::uint64_t place) { return row_key({"q/", to_big_endian(place, kNumberBytes)}); }

/// Removes the command's row, unless the same Idempotency-Key was used again since.
void forget(Overlay& rows, std::string_view key_hash, std::int64_t expires_at_ms) {
  const auto row = find_command(rows, key_hash);
  if (row && row->expires_at_ms() == expires_at_ms) rows.erase(kTable, row_key({"c/", key_hash}));
}

void prune(Overlay& rows, std::int64_t now_ms, std::uint64_t tail) {
  std::uint64_t head = read_counter(rows, "q/head");
  const std::uint64_t first = head;
  for (int i = 0; i < kPrunedPerEvent && head < tail; ++i) {
    const auto entry = rows.get(kTable, place_key(head));
    if (entry && entry->size() > kNumberBytes) {
      const std::string_view bytes = *entry;
      const auto expires_at_ms = static_cast<std::int64_t>(from_big_endian(bytes.substr(0, kNumberBytes)));
      if (expires_at_ms >= now_ms) break;
      forget(rows, bytes.substr(kNumberBytes), expires_at_ms);
    }
    rows.erase(kTable, place_key(head++));
  }
  if (head != first) write_counter(rows, "q/head", head);
}

}  // namespace

std::optional<rows::CommandRow> find_command(const RowReader& rows, std::string_view key_hash) {
  return find_row<rows::CommandRow>(rows, kTable, row_key({"c/", key_hash}));
}

void fold_command(const events::Event& event, Overlay& rows) {
  if (!event.payload.has_command_recorded()) return;
  const v1::CommandRecorded& recorded = event.payload.command_recorded();
  rows::CommandRow row;
  row.set_request_hash(recorded.request_hash());
  if (recorded.has_answer()) *row.mutable_answer() = recorded.answer();
  row.set_expires_at_ms(recorded.expires_at_ms());
  row.set_sequence(event.header.sequence());
  put_row(rows, kTable, row_key({"c/", recorded.key_hash()}), row);

  const std::uint64_t tail = read_counter(rows, "q/tail");
  const auto expiry = static_cast<std::uint64_t>(recorded.expires_at_ms());
  rows.put(kTable, place_key(tail), to_big_endian(expiry, kNumberBytes) + recorded.key_hash());
  write_counter(rows, "q/tail", tail + 1);
  prune(rows, event.header.time_ms(), tail + 1);
}

}  // namespace keyfold::projections
