#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/audit/published_heads.h"
#include "events/log.h"
#include "events/tree_head.h"
#include "keyfold/v1/config.pb.h"
#include "ops/replay/live_check.h"
#include "ops/replay/logs_check.h"

// Where the audit commands find what was signed, and what it was signed for.
namespace keyfold::ops {

/// What keeps the vault's data keys and the published checkpoints: the data directory, whether a server runs or not, or
/// Kafka.
[[nodiscard]] Result<std::unique_ptr<events::ErasableStore>> open_erasable(const v1::Config& config);

/// A log's largest checkpoint, verified with the vault's own key.
struct Published {
  projections::TreeId tree = 0;
  events::TreeHead head;
  std::string checkpoint;
  events::NoteVerifier verifier;
};
/// In the order of trees. Needs the master key.
[[nodiscard]] Result<std::vector<Published>> read_published(const v1::Config& config, events::ErasableStore& store);

/// All published checkpoints that a key vouches for, and what is wrong with the others.
struct SignedCheckpoints {
  SignedHeads heads;
  std::vector<std::string> checkpoints;         // the largest of each tree
  std::vector<events::NoteVerifier> verifiers;  // that they were verified with
  std::vector<Finding> findings;
};
/// `keys`: the verifier keys; without any the vault's own, which needs the master key.
[[nodiscard]] Result<SignedCheckpoints> read_signed_heads(const v1::Config& config, events::ErasableStore& store,
                                                          const std::vector<events::NoteVerifier>& keys);

/// Checkpoints that an earlier verification left in a file; none when there is no file yet, or no name.
[[nodiscard]] Result<std::vector<std::pair<projections::TreeId, events::TreeHead>>> read_since(
    const std::string& file, const std::vector<events::NoteVerifier>& verifiers);
/// Replaces the file, whole or not at all.
[[nodiscard]] Status write_since(const std::string& file, const std::vector<std::string>& checkpoints);

/// Checks all records of the directory as they lie on the disk, or of the log on Kafka.
[[nodiscard]] Result<std::vector<CheckedLog>> check_records(const v1::Config& config, const SignedHeads& heads,
                                                            const projections::AuditTiles* tiles);

/// Fetches files below a log's URL; `root_key` may be empty. Bounded: 30 s and 32 MiB a file.
[[nodiscard]] FileSource http_source(const std::string& url, const std::string& root_key);

}  // namespace keyfold::ops
