#include "projections/audit_fold.h"

#include <algorithm>
#include <climits>
#include <unordered_set>

#include "events/public_event.h"

namespace keyfold::projections {
namespace {

bool is_public_type(const std::string& type) {
  static const std::unordered_set<std::string> types(events::public_types().begin(), events::public_types().end());
  return types.contains(type);
}

bool publishes_heads(const v1::EventHeader& header) {
  static const std::string kType = v1::TreeHeadsPublished::descriptor()->name();
  return header.type() == kType;
}

}  // namespace

void DirectoryFold::add(const v1::TreeHeadsPublished& published, const AuditFamilies& families,
                        rocksdb::WriteBatch& out) {
  for (const auto& head : published.heads()) {
    // Two nodes may have published at once: what is not newer says nothing new.
    if (head.partition() >= checkpoint_.sizes.size() || head.size() <= checkpoint_.sizes[head.partition()]) continue;
    checkpoint_.sizes[head.partition()] = head.size();
    put_row(out, families.index, directory_leaf_key(tree_.size()), head.checkpoint());
    tree_.add(events::leaf_hash(head.checkpoint()), families, out);
  }
  checkpoint_.leaves = tree_.size();
}

void DirectoryFold::finish(const AuditFamilies& families, rocksdb::WriteBatch& out) {
  tree_.finish(families, out);
  put_row(out, families.meta, kDirectoryCheckpointKey, encode_directory_checkpoint(checkpoint_));
}

Status AuditFold::add(events::RecordView record, DirectoryFold& directory, const AuditFamilies& families,
                      rocksdb::WriteBatch& out) {
  const events::Sequence sequence = checkpoint_.next;
  const bool is_readable = record.header.size() <= INT_MAX &&
                           header_.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()));
  if (!is_readable || header_.partition() != partition_ || header_.sequence() != sequence ||
      header_.previous_hash() != as_view(checkpoint_.last_hash)) {
    return fail(ErrorCode::kDataLoss, "an event does not continue the chain of those before it",
                events::to_string(events::Position{partition_, sequence}),
                "the log was changed or damaged: `keyfold audit verify` says where; restore it from a backup or a "
                "replica");
  }
  if (publishes_heads(header_)) {
    events::Event event;
    if (Status decoded = events::decode(record, event); !decoded) return decoded;
    directory.add(event.payload.tree_heads_published(), families, out);
  }
  checkpoint_.last_hash = events::leaf_hash(record.header);
  checkpoint_.latest_ms = std::max(checkpoint_.latest_ms, header_.time_ms());
  checkpoint_.next = sequence + 1;
  tree_.add(checkpoint_.last_hash, families, out);
  if (checkpoint_.next % kTimeSampleEvents == 0) {
    put_row(out, families.index, time_key(partition_, checkpoint_.latest_ms, sequence), {});
  }
  if (is_public_type(header_.type())) index(header_, families, out);
  return {};
}

void AuditFold::index(const v1::EventHeader& header, const AuditFamilies& families, rocksdb::WriteBatch& out) const {
  const std::string& workspace = header.workspace_id();
  const std::string end = sequence_bytes(header.sequence());
  put_row(out, families.index, workspace_prefix(partition_, workspace) + end, {});
  put_row(out, families.index, resource_prefix(partition_, workspace, header.stream_kind(), header.stream_id()) + end,
          {});
  if (!header.principal().id().empty()) {
    put_row(out, families.index, principal_prefix(partition_, workspace, header.principal().id()) + end, {});
  }
}

void AuditFold::finish(const AuditFamilies& families, rocksdb::WriteBatch& out) {
  tree_.finish(families, out);
  put_row(out, families.meta, checkpoint_key(partition_), encode_checkpoint(checkpoint_));
}

}  // namespace keyfold::projections
