#include "ops/replay/audit_export.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include "events/merkle.h"
#include "keyfold/v1/audit_export.pb.h"

namespace keyfold::ops {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPathMax = 64;

/// Every complete subtree's hash over leaves that are all there: two hashes a leaf.
class WholeTree {
 public:
  void add(const Digest& leaf) {
    Digest hash = leaf;
    for (std::size_t level = 0;; ++level) {
      if (levels_.size() <= level) levels_.emplace_back();
      levels_[level].push_back(hash);
      const std::size_t count = levels_[level].size();
      if (count % 2 != 0) return;
      hash = events::node_hash(as_view(levels_[level][count - 2]), as_view(levels_[level][count - 1]));
    }
  }
  Result<Digest> operator()(unsigned level, std::uint64_t index) const {
    if (level < levels_.size() && index < levels_[level].size()) return levels_[level][index];
    return fail(ErrorCode::kInternal, "a subtree lies beyond the tree");
  }

 private:
  std::vector<std::vector<Digest>> levels_;
};

Status put(const v1::AuditExport& message, std::ostream& out) {
  if (google::protobuf::util::SerializeDelimitedToOstream(message, &out)) return {};
  return fail(ErrorCode::kIo, "the export can't be written", {}, "check the disk's space");
}

Result<WholeTree> read_tree(const events::Log& log, events::PartitionId partition, const events::TreeHead& head) {
  WholeTree tree;
  const auto read = log.read(partition, 0, head.size, [&](events::Sequence, events::RecordView record) {
    tree.add(events::leaf_hash(record.header));
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  const auto root = *read == head.size ? events::merkle_root(head.size, tree) : Result<Digest>(Digest{});
  if (root && *root == head.root) return tree;
  return fail(ErrorCode::kDataLoss, "the log is not the one that the checkpoint was signed for",
              "partition " + std::to_string(partition), "`keyfold audit verify` says where it differs");
}

Status write_event(events::Sequence sequence, events::RecordView record, const events::TreeHead& head,
                   const WholeTree* tree, std::ostream& out) {
  v1::AuditExport message;
  auto& event = *message.mutable_event();
  event.set_sequence(sequence);
  event.set_header(record.header.data(), record.header.size());
  event.set_payload(record.payload.data(), record.payload.size());
  if (tree != nullptr) {
    const auto path = events::inclusion_proof(sequence, head.size, *tree);
    if (!path) return tl::unexpected(path.error());
    for (const Digest& hash : *path) event.add_path(hash.data(), hash.size());
  }
  return put(message, out);
}

Result<std::uint64_t> write_partition(const events::Log& log, events::PartitionId partition,
                                      const ExportRequest& request, std::ostream& out) {
  const std::string& checkpoint = request.checkpoints.at(partition);
  const auto head = events::parse_tree_head(checkpoint);
  if (!head) return tl::unexpected(head.error());
  const auto tree = read_tree(log, partition, *head);
  if (!tree) return tl::unexpected(tree.error());
  v1::AuditExport message;
  message.mutable_begin()->set_version(kVersion);
  message.mutable_begin()->set_partition(partition);
  message.mutable_begin()->set_checkpoint(checkpoint);
  message.mutable_begin()->set_workspace_id(request.workspace_id);
  if (Status begun = put(message, out); !begun) return tl::unexpected(begun.error());
  const bool is_whole = request.workspace_id.empty();
  std::uint64_t count = 0;
  Status written;
  v1::EventHeader header;
  const auto read = log.read(partition, 0, head->size, [&](events::Sequence sequence, events::RecordView record) {
    const bool is_readable = header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()));
    if (!is_whole && (!is_readable || header.workspace_id() != request.workspace_id)) return true;
    written = write_event(sequence, record, *head, is_whole ? nullptr : &*tree, out);
    ++count;
    return written.has_value();
  });
  if (!read) return tl::unexpected(read.error());
  if (!written) return tl::unexpected(written.error());
  message.mutable_end()->set_events(count);
  if (Status ended = put(message, out); !ended) return tl::unexpected(ended.error());
  return count;
}

/// Holds one partition of an export against its checkpoint.
class ExportCheck {
 public:
  ExportCheck(const v1::AuditExport::Begin& begin, const std::vector<events::NoteVerifier>& verifiers)
      : partition_(begin.partition()) {
    checked_.workspace_id = begin.workspace_id();
    believe(begin, verifiers);
  }

  void add(const v1::AuditExport::Event& exported) {
    ++checked_.events;
    const events::Sequence sequence = exported.sequence();
    const Digest leaf = events::leaf_hash(exported.header());
    check_event(exported);
    if (!checked_.workspace_id.empty()) return check_path(exported, leaf);
    if (sequence != tree_.size()) {
      if (!has_gap_) find(tree_.size(), "the event is missing, or not in its place");
      has_gap_ = true;
    } else if (previous_ && event_.header.previous_hash() != as_view(*previous_)) {
      find(sequence, "the event does not follow the one before it");
    }
    previous_ = leaf;
    tree_.add(leaf);
  }

  void finish(std::uint64_t events) {
    if (events != checked_.events) {
      find({}, "the export says that it holds " + std::to_string(events) + " events, but holds " +
                   std::to_string(checked_.events));
    }
    if (!checked_.workspace_id.empty() || !head_) return;
    if (tree_.size() < head_->size) return find(tree_.size(), "the export ends before its checkpoint does");
    if (tree_.root() != head_->root) find({}, "the events are not those that the checkpoint was signed for");
  }
  void cut_off() { find({}, "the export ends in the middle"); }

  [[nodiscard]] const CheckedExport& checked() const { return checked_; }

 private:
  void believe(const v1::AuditExport::Begin& begin, const std::vector<events::NoteVerifier>& verifiers) {
    const auto unsigned_head = events::parse_tree_head(begin.checkpoint());
    if (unsigned_head) checked_.origin = unsigned_head->origin;
    if (begin.version() != kVersion) return find({}, "the export is of another version");
    const auto verifier = std::find_if(verifiers.begin(), verifiers.end(),
                                       [&](const events::NoteVerifier& key) { return key.name == checked_.origin; });
    if (verifier == verifiers.end()) return find({}, "no verifier key was given for " + checked_.origin);
    const auto head = events::open_checkpoint(begin.checkpoint(), *verifier);
    if (!head) return find({}, "the checkpoint can't be believed: " + head.error().what);
    checked_.signed_size = head->size;
    head_ = *head;
  }

  void check_event(const v1::AuditExport::Event& exported) {
    const Status decoded = events::decode({exported.header(), exported.payload()}, event_);
    const v1::EventHeader& header = event_.header;
    if (!decoded) {
      find(exported.sequence(), decoded.error().what);
    } else if (header.partition() != partition_ || header.sequence() != exported.sequence()) {
      find(exported.sequence(),
           "the event says that it is " + events::to_string(events::Position{header.partition(), header.sequence()}));
    } else if (!checked_.workspace_id.empty() && header.workspace_id() != checked_.workspace_id) {
      find(exported.sequence(), "the event is of another workspace");
    }
  }

  void check_path(const v1::AuditExport::Event& exported, const Digest& leaf) {
    if (last_ && exported.sequence() <= *last_) find(exported.sequence(), "the event is not in its place");
    last_ = exported.sequence();
    if (!head_) return;
    std::vector<Digest> path;
    for (const std::string& hash : exported.path()) {
      Digest digest{};
      if (hash.size() != digest.size() || path.size() == kPathMax) break;
      std::copy(hash.begin(), hash.end(), digest.begin());
      path.push_back(digest);
    }
    if (!events::is_included(leaf, exported.sequence(), head_->size, path, head_->root)) {
      find(exported.sequence(), "the checkpoint does not hold this event");
    }
  }

  void find(std::optional<events::Sequence> place, std::string what) {
    if (checked_.findings.size() < kFindingsMax) {
      checked_.findings.push_back({std::to_string(partition_), place, std::move(what)});
    }
  }

  const events::PartitionId partition_;
  CheckedExport checked_;
  std::optional<events::TreeHead> head_;
  events::MerkleFrontier tree_;
  std::optional<Digest> previous_;
  std::optional<events::Sequence> last_;
  bool has_gap_ = false;
  events::Event event_;
};

}  // namespace

Result<std::uint64_t> write_export(const events::Log& log, const ExportRequest& request,
                                   const projections::ProgressSink& progress, std::ostream& out) {
  projections::Progress told{"exporting events", 0, 0};
  const bool is_one = !request.workspace_id.empty();
  const events::PartitionId home = is_one ? events::partition_of(request.workspace_id, log.partitions()) : 0;
  const events::PartitionId end = is_one ? home + 1 : log.partitions();
  for (events::PartitionId partition = home; partition < end; ++partition) told.total += log.tail(partition).next;
  std::uint64_t count = 0;
  for (events::PartitionId partition = home; partition < end; ++partition) {
    const auto written = write_partition(log, partition, request, out);
    if (!written) return written;
    count += *written;
    told.done += log.tail(partition).next;
    if (progress) progress(told);
  }
  out.flush();
  if (out) return count;
  return fail(ErrorCode::kIo, "the export can't be written", {}, "check the disk's space");
}

Result<std::vector<CheckedExport>> check_export(std::istream& in, const std::vector<events::NoteVerifier>& verifiers) {
  google::protobuf::io::IstreamInputStream input(&in);
  std::vector<CheckedExport> checked;
  std::optional<ExportCheck> check;
  const auto close = [&] {
    checked.push_back(check->checked());
    check.reset();
  };
  v1::AuditExport message;
  bool is_at_end = false;
  while (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&message, &input, &is_at_end)) {
    if (message.has_begin() && !check) {
      check.emplace(message.begin(), verifiers);
    } else if (message.has_event() && check) {
      check->add(message.event());
    } else if (message.has_end() && check) {
      check->finish(message.end().events());
      close();
    } else {
      return fail(ErrorCode::kInvalidArgument, "this is no export with proofs");
    }
    message.Clear();
  }
  if (!is_at_end && !check) return fail(ErrorCode::kInvalidArgument, "this is no export with proofs");
  if (check) {
    check->cut_off();
    close();
  }
  if (checked.empty()) return fail(ErrorCode::kInvalidArgument, "this is no export with proofs");
  return checked;
}

}  // namespace keyfold::ops
