#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "events/signed_note.h"
#include "schemas/base/hash.h"
#include "schemas/base/result.h"

/// What a log says about its tree (C2SP tlog-checkpoint) and about one of its leaves (C2SP tlog-proof).
namespace keyfold::events {

/// A log of this name has this many leaves, and this root over them.
struct TreeHead {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

/// The text to be signed: name, size and root, a line each.
[[nodiscard]] std::string to_text(const TreeHead& head);
/// Lines behind the third are passed over. kInvalidArgument for anything else.
[[nodiscard]] Result<TreeHead> parse_tree_head(std::string_view text);
/// Of a checkpoint that the verifier's key has signed, under the log's own name.
[[nodiscard]] Result<TreeHead> open_checkpoint(std::string_view note, const NoteVerifier& verifier);

/// That a leaf is in a tree, with all that is needed to check it but the leaf and the public key.
struct LeafProof {
  std::uint64_t index = 0;
  std::vector<Digest> path;
  std::string checkpoint;  // a signed note
};
/// The content of a `.tlog-proof` file.
[[nodiscard]] std::string to_text(const LeafProof& proof);
[[nodiscard]] Result<LeafProof> parse_leaf_proof(std::string_view text);
/// kDataLoss when the proof's checkpoint is not signed by the key, or does not hold the leaf at that index.
[[nodiscard]] Status check_leaf_proof(const LeafProof& proof, const Digest& leaf, const NoteVerifier& verifier);

}  // namespace keyfold::events
