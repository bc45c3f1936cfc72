#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/audit/published_heads.h"
#include "actors/vault/vault.h"
#include "events/log.h"
#include "events/signed_note.h"
#include "events/tree_head.h"
#include "projections/audit_store.h"

namespace keyfold::actors {

struct AuditLogsOptions {
  std::string origin;   // empty: derived from the key
  std::string node_id;  // of several that share the store; else empty
};

/// The logs that auditors follow: one for each partition, whose leaves are its events, and the directory, whose leaves
/// are checkpoints of those. All are signed by one Ed25519 key, each under its own name. The key is a fixed secret of
/// the vault, so all nodes of a cluster sign with the same, and equal trees get equal signatures on each of them.
///
/// What was signed once is kept in the store before anybody sees it: sizes never go back, also after a restart, and a
/// tree that is not a continuation of what was signed is signed no more.
///
/// `publish` is called by one thread at a time; everything else is thread-safe. What it is made of outlives it.
class AuditLogs {
 public:
  /// Refuses a log that lost events which were signed for, or holds others in their place (kDataLoss), and another
  /// origin than that of checkpoints that were published (kFailedPrecondition).
  [[nodiscard]] static Result<std::unique_ptr<AuditLogs>> open(const projections::AuditStore& trees,
                                                               const events::Log& log, events::ErasableStore& store,
                                                               Vault& vault, AuditLogsOptions options);

  /// A checkpoint that everybody may see.
  struct Head {
    std::uint64_t size = 0;
    std::string checkpoint;  // the signed note
  };
  /// The latest of a tree that exists.
  [[nodiscard]] std::shared_ptr<const Head> head(projections::TreeId tree) const;

  /// Signs and publishes the trees that grew; goes on with the others after a failure, and returns the first.
  [[nodiscard]] Status publish();

  /// The partitions' in order, then the directory.
  [[nodiscard]] const std::vector<projections::TreeId>& trees() const { return ids_; }
  [[nodiscard]] const events::NoteVerifier& verifier(projections::TreeId tree) const;
  [[nodiscard]] bool has(projections::TreeId tree) const;

  struct Stats {
    std::uint64_t published = 0;
    std::uint64_t errors = 0;
  };
  [[nodiscard]] Stats stats() const { return {published_, errors_}; }

 private:
  struct Tree {
    events::NoteSigner signer;
    std::shared_ptr<const Head> head;  // guarded by `mutex_`
    Digest root{};                     // of the head
    bool is_checked = false;           // whether the tree is known to continue what was signed before
  };

  AuditLogs(const projections::AuditStore& trees, const events::Log& log, events::ErasableStore& store,
            std::string node_id)
      : trees_(trees), log_(log), store_(store), node_id_(std::move(node_id)) {}
  [[nodiscard]] Status make_signers(Vault& vault, std::string origin);
  [[nodiscard]] Status restore();
  [[nodiscard]] Status restore_head(const PublishedHead& published);
  [[nodiscard]] Status check_against_log(std::size_t at) const;
  [[nodiscard]] Status check_continuation(std::size_t at);
  [[nodiscard]] Status publish(std::size_t at);
  void show(std::size_t at, const events::TreeHead& head, std::string checkpoint);
  [[nodiscard]] std::size_t place_of(projections::TreeId tree) const;

  const projections::AuditStore& trees_;
  const events::Log& log_;
  events::ErasableStore& store_;
  const std::string node_id_;
  std::vector<projections::TreeId> ids_;
  std::vector<Tree> logs_;  // in the order of `ids_`
  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> published_{0};
  std::atomic<std::uint64_t> errors_{0};
};

}  // namespace keyfold::actors
