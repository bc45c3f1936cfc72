#include "ops/replay/logs_check.h"

#include <algorithm>
#include <memory>

#include "events/tile.h"

namespace keyfold::ops {
namespace {

using projections::kDirectoryTree;
using projections::TreeId;

constexpr const char* kDirectory = "directory";

/// The leaf hashes of a tree, tile by tile in order.
LogCheck::KnownLeaf known_leaves(const projections::AuditTiles* tiles, TreeId tree) {
  if (tiles == nullptr) return nullptr;
  const std::uint64_t size = tiles->size(tree).value_or(0);
  struct Tile {
    std::uint64_t index = UINT64_MAX;
    std::string hashes;
  };
  return [tiles, tree, size, at = std::make_shared<Tile>()](events::Sequence sequence) -> std::optional<Digest> {
    const std::uint64_t index = sequence / events::kTileWidth;
    if (sequence >= size) return std::nullopt;
    if (at->index != index) {
      at->index = index;
      at->hashes = tiles->tile(tree, events::tile_in(0, index, size)).value_or("");
    }
    const std::size_t offset = sequence % events::kTileWidth * events::kHashBytes;
    if (offset + events::kHashBytes > at->hashes.size()) return std::nullopt;
    return events::run_hash(std::string_view(at->hashes).substr(offset, events::kHashBytes));
  };
}

std::uint64_t largest(const std::vector<events::TreeHead>& heads) {
  std::uint64_t size = 0;
  for (const events::TreeHead& head : heads) size = std::max(size, head.size);
  return size;
}

}  // namespace

LogsCheck::LogsCheck(std::uint32_t partitions, SignedHeads heads, const projections::AuditTiles* tiles)
    : heads_(std::move(heads)), directory_sizes_(partitions), directory_heads_(heads_[kDirectoryTree]) {
  for (TreeId tree = 0; tree < partitions; ++tree) {
    partitions_.emplace_back(tree, heads_[tree], known_leaves(tiles, tree));
  }
  std::sort(directory_heads_.begin(), directory_heads_.end(),
            [](const auto& a, const auto& b) { return a.size > b.size; });
}

void LogsCheck::add(const events::Position& position, std::optional<events::RecordView> record) {
  if (position.partition >= partitions_.size()) {
    if (foreign_.size() < kFindingsMax) {
      foreign_.push_back({std::to_string(position.partition), position.sequence, "the log has no such partition"});
    }
    return;
  }
  partitions_[position.partition].add(position.sequence, record);
  if (record) add_to_directory(*record);
}

void LogsCheck::add_to_directory(events::RecordView record) {
  // Most records are no heads: the type is looked for before anything is parsed.
  static const std::string kType = v1::TreeHeadsPublished::descriptor()->name();
  if (record.header.find(kType) == std::string_view::npos) return;
  events::Event event;
  if (!events::decode(record, event) || !event.payload.has_tree_heads_published()) return;
  for (const auto& head : event.payload.tree_heads_published().heads()) {
    if (head.partition() >= directory_sizes_.size() || head.size() <= directory_sizes_[head.partition()]) continue;
    directory_sizes_[head.partition()] = head.size();
    check_directory();
    directory_.add(events::leaf_hash(head.checkpoint()));
  }
}

void LogsCheck::check_directory() {
  while (!directory_heads_.empty() && directory_heads_.back().size == directory_.size()) {
    const events::TreeHead head = directory_heads_.back();
    directory_heads_.pop_back();
    if (directory_.root() == head.root) continue;
    directory_findings_.push_back(
        {kDirectory, std::nullopt,
         "the first " + std::to_string(head.size) + " leaves are not those that a checkpoint was signed for"});
  }
}

std::vector<CheckedLog> LogsCheck::finish() {
  std::vector<CheckedLog> checked;
  for (TreeId tree = 0; tree < partitions_.size(); ++tree) {
    LogCheck& check = partitions_[tree];
    check.finish();
    checked.push_back({std::to_string(tree), check.events(), check.root(), largest(heads_[tree]), check.findings()});
  }
  check_directory();
  for (const events::TreeHead& head : directory_heads_) {
    directory_findings_.push_back(
        {kDirectory, directory_.size(),
         "the log ends here, but a checkpoint was signed for " + std::to_string(head.size) + " leaves"});
  }
  directory_findings_.insert(directory_findings_.end(), foreign_.begin(), foreign_.end());
  checked.push_back(
      {kDirectory, directory_.size(), directory_.root(), largest(heads_[kDirectoryTree]), directory_findings_});
  return checked;
}

}  // namespace keyfold::ops
