#include "actors/audit/audit_logs.h"

#include "events/merkle.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors {
namespace {

using projections::kDirectoryTree;
using projections::TreeId;

constexpr std::string_view kDefaultDomain = "keyfold.local/";
constexpr std::size_t kDefaultNameDigits = 16;

tl::unexpected<Error> not_continued(const std::string& origin, std::uint64_t size) {
  return fail(ErrorCode::kDataLoss,
              "the log is not what was signed: the first " + std::to_string(size) + " leaves of " + origin +
                  " are others than those of its last checkpoint",
              origin,
              "events were changed: `keyfold audit verify` says where; restore the log from a backup or a replica");
}

}  // namespace

Result<std::unique_ptr<AuditLogs>> AuditLogs::open(const projections::AuditStore& trees, const events::Log& log,
                                                   events::ErasableStore& store, Vault& vault,
                                                   AuditLogsOptions options) {
  std::unique_ptr<AuditLogs> logs(new AuditLogs(trees, log, store, std::move(options.node_id)));
  if (Status made = logs->make_signers(vault, std::move(options.origin)); !made) {
    return tl::unexpected(made.error());
  }
  if (Status restored = logs->restore(); !restored) return tl::unexpected(restored.error());
  return logs;
}

Status AuditLogs::make_signers(Vault& vault, std::string origin) {
  if (origin.empty()) {
    const auto nameless = audit_signer(vault, "keyfold");
    if (!nameless) return tl::unexpected(nameless.error());
    const Digest digest = sha256(nameless->verifier().key);
    origin = std::string(kDefaultDomain) + to_hex(as_view(digest)).substr(0, kDefaultNameDigits);
  }
  for (TreeId partition = 0; partition < trees_.partitions(); ++partition) ids_.push_back(partition);
  ids_.push_back(kDirectoryTree);
  for (const TreeId tree : ids_) {
    auto signer = audit_signer(vault, origin + "/" + name_of_tree(tree));
    if (!signer) {
      signer.error().hint = "set audit.origin to a name such as keys.example.com/audit";
      return tl::unexpected(signer.error());
    }
    const events::TreeHead empty{signer->verifier().name, 0, events::empty_root()};
    auto checkpoint = signer->sign(to_text(empty));
    logs_.push_back({*std::move(signer), nullptr, {}, true});
    show(logs_.size() - 1, empty, std::move(checkpoint));
  }
  return {};
}

Status AuditLogs::restore() {
  const auto kept = read_published_heads(store_);
  if (!kept) return tl::unexpected(kept.error());
  for (const PublishedHead& head : *kept) {
    if (Status restored = restore_head(head); !restored) return restored;
  }
  for (std::size_t at = 0; at < logs_.size(); ++at) {
    if (Status checked = check_against_log(at); !checked) return checked;
    if (Status checked = check_continuation(at); !checked) return checked;
  }
  return {};
}

Status AuditLogs::restore_head(const PublishedHead& published) {
  const std::string& checkpoint = published.checkpoint;
  const std::string name = name_of_tree(published.tree);
  if (!has(published.tree)) {
    return fail(ErrorCode::kDataLoss, "a checkpoint is of a partition that the log does not have", name,
                "check that this is the right log");
  }
  const std::size_t at = place_of(published.tree);
  const auto& verifier = logs_[at].signer.verifier();
  const auto unsigned_head = events::parse_tree_head(checkpoint);
  if (unsigned_head && unsigned_head->origin != verifier.name) {
    return fail(ErrorCode::kFailedPrecondition,
                "checkpoints were published as " + unsigned_head->origin + ", and would now be as " + verifier.name,
                "audit.origin", "set it to what it was: auditors know the log by this name");
  }
  const auto head = events::open_checkpoint(checkpoint, verifier);
  if (!head) {
    return fail(ErrorCode::kDataLoss, "a published checkpoint is damaged: " + head.error().what, name,
                "restore the log and the vault's data keys from one backup");
  }
  if (head->size <= logs_[at].head->size) return {};
  logs_[at].is_checked = false;
  show(at, *head, checkpoint);
  return {};
}

Status AuditLogs::check_against_log(std::size_t at) const {
  if (ids_[at] == kDirectoryTree) return {};  // its leaves are on the partitions' logs
  const std::uint64_t size = logs_[at].head->size;
  const events::Sequence tail = log_.tail(ids_[at]).next;
  if (tail >= size) return {};
  return fail(ErrorCode::kDataLoss,
              "the log has lost records: a checkpoint of partition " + name_of_tree(ids_[at]) +
                  " was published at size " + std::to_string(size) + ", the log holds " + std::to_string(tail),
              logs_[at].signer.verifier().name, "restore the log from a backup or a replica");
}

/// Once the trees reach as far as what was signed before. Until then the tree is not signed.
Status AuditLogs::check_continuation(std::size_t at) {
  Tree& log = logs_[at];
  if (log.is_checked || trees_.tree_size(ids_[at]) < log.head->size) return {};
  const auto root = trees_.root(ids_[at], log.head->size);
  if (!root) return tl::unexpected(root.error());
  if (*root != log.root) return not_continued(log.signer.verifier().name, log.head->size);
  log.is_checked = true;
  return {};
}

Status AuditLogs::publish() {
  Status first;
  for (std::size_t at = 0; at < logs_.size(); ++at) {
    Status published = publish(at);
    if (!published) ++errors_;
    if (!published && first) first = std::move(published);
  }
  return first;
}

Status AuditLogs::publish(std::size_t at) {
  Tree& log = logs_[at];
  if (Status checked = check_continuation(at); !checked || !log.is_checked) return checked;
  const std::uint64_t size = trees_.tree_size(ids_[at]);
  if (size <= log.head->size) return {};
  // What lies between was not looked at since it was signed: a changed tile would show here.
  const auto root = trees_.root(ids_[at], size);
  if (!root) return tl::unexpected(root.error());
  const auto proof = trees_.consistency_proof(ids_[at], log.head->size, size);
  if (!proof) return tl::unexpected(proof.error());
  if (!events::is_consistent(log.head->size, log.root, size, *root, *proof)) {
    return not_continued(log.signer.verifier().name, log.head->size);
  }
  const events::TreeHead head{log.signer.verifier().name, size, *root};
  std::string checkpoint = log.signer.sign(to_text(head));
  // First kept, then seen: a size that somebody saw is never taken back.
  if (Status kept = keep_published_head(store_, {ids_[at], checkpoint}, node_id_); !kept) return kept;
  show(at, head, std::move(checkpoint));
  ++published_;
  return {};
}

void AuditLogs::show(std::size_t at, const events::TreeHead& head, std::string checkpoint) {
  logs_[at].root = head.root;
  auto shown = std::make_shared<const Head>(Head{head.size, std::move(checkpoint)});
  const std::lock_guard lock(mutex_);
  logs_[at].head = std::move(shown);
}

std::shared_ptr<const AuditLogs::Head> AuditLogs::head(TreeId tree) const {
  const std::lock_guard lock(mutex_);
  return logs_.at(place_of(tree)).head;
}

const events::NoteVerifier& AuditLogs::verifier(TreeId tree) const {
  return logs_.at(place_of(tree)).signer.verifier();
}

bool AuditLogs::has(TreeId tree) const { return tree == kDirectoryTree || tree < trees_.partitions(); }

std::size_t AuditLogs::place_of(TreeId tree) const { return tree == kDirectoryTree ? ids_.size() - 1 : tree; }

}  // namespace keyfold::actors
