#include "projections/audit_rows.h"

#include <algorithm>

#include "projections/big_endian.h"

namespace keyfold::projections {
namespace {

constexpr std::size_t kPartitionBytes = 2;
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kNumberBytes = 8;

std::string tagged(char tag, events::PartitionId partition) {
  return std::string(1, tag) + to_big_endian(partition, kPartitionBytes);
}

/// With its length in front, so that no text is the beginning of another one's row.
void put_text(std::string& key, std::string_view text) {
  key += to_big_endian(text.size(), kLengthBytes);
  key += text;
}

std::string number_bytes(std::int64_t number) {
  return to_big_endian(static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0)), kNumberBytes);
}

}  // namespace

std::string checkpoint_key(events::PartitionId partition) {
  return "checkpoint/" + to_big_endian(partition, kPartitionBytes);
}

std::string encode_checkpoint(const AuditCheckpoint& checkpoint) {
  return sequence_bytes(checkpoint.next) + number_bytes(checkpoint.latest_ms) +
         std::string(as_view(checkpoint.last_hash));
}

std::optional<AuditCheckpoint> decode_checkpoint(std::string_view value) {
  AuditCheckpoint checkpoint;
  if (value.size() != 2 * kNumberBytes + checkpoint.last_hash.size()) return std::nullopt;
  checkpoint.next = from_big_endian(value.substr(0, kNumberBytes));
  checkpoint.latest_ms = static_cast<std::int64_t>(from_big_endian(value.substr(kNumberBytes, kNumberBytes)));
  const std::string_view hash = value.substr(2 * kNumberBytes);
  std::copy(hash.begin(), hash.end(), checkpoint.last_hash.begin());
  return checkpoint;
}

std::string encode_directory_checkpoint(const DirectoryCheckpoint& checkpoint) {
  std::string value = to_big_endian(checkpoint.leaves, kNumberBytes);
  for (const std::uint64_t size : checkpoint.sizes) value += to_big_endian(size, kNumberBytes);
  return value;
}

std::optional<DirectoryCheckpoint> decode_directory_checkpoint(std::string_view value, std::size_t partitions) {
  if (value.size() != (1 + partitions) * kNumberBytes) return std::nullopt;
  DirectoryCheckpoint checkpoint{from_big_endian(value.substr(0, kNumberBytes)), {}};
  for (std::size_t at = kNumberBytes; at < value.size(); at += kNumberBytes) {
    checkpoint.sizes.push_back(from_big_endian(value.substr(at, kNumberBytes)));
  }
  return checkpoint;
}

std::string directory_leaf_key(std::uint64_t index) {
  return tagged('d', kDirectoryTree) + to_big_endian(index, kNumberBytes);
}

std::string tile_key(TreeId tree, unsigned level, std::uint64_t index) {
  return to_big_endian(tree, kPartitionBytes) + to_big_endian(level, 1) + to_big_endian(index, kNumberBytes);
}

std::string workspace_prefix(events::PartitionId partition, std::string_view workspace_id) {
  std::string key = tagged('w', partition);
  put_text(key, workspace_id);
  return key;
}

std::string resource_prefix(events::PartitionId partition, std::string_view workspace_id, std::string_view kind,
                            std::string_view id) {
  std::string key = tagged('r', partition);
  for (const std::string_view text : {workspace_id, kind, id}) put_text(key, text);
  return key;
}

std::string principal_prefix(events::PartitionId partition, std::string_view workspace_id,
                             std::string_view principal_id) {
  std::string key = tagged('p', partition);
  for (const std::string_view text : {workspace_id, principal_id}) put_text(key, text);
  return key;
}

std::string time_prefix(events::PartitionId partition) { return tagged('t', partition); }

std::string time_key(events::PartitionId partition, std::int64_t latest_ms, events::Sequence last) {
  return time_prefix(partition) + number_bytes(latest_ms) + sequence_bytes(last);
}

std::string sequence_bytes(events::Sequence sequence) { return to_big_endian(sequence, kNumberBytes); }

events::Sequence sequence_of_key(std::string_view key) {
  return from_big_endian(key.substr(key.size() - std::min(key.size(), kNumberBytes)));
}

}  // namespace keyfold::projections
