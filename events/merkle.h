#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "schemas/base/function_ref.h"
#include "schemas/base/hash.h"
#include "schemas/base/result.h"

/// Merkle trees of RFC 6962 (the same as RFC 9162's) over leaf hashes as `leaf_hash` makes them. All functions are
/// pure. A proof's hashes go from the leaves' side to the root's, as in the RFC.
namespace keyfold::events {

/// SHA-256(0x01 || left || right).
[[nodiscard]] Digest node_hash(std::string_view left, std::string_view right);
/// Of the tree without leaves: SHA-256 of nothing.
[[nodiscard]] Digest empty_root();

/// Gives the hash over the leaves [index << level, (index + 1) << level). Only asked for what lies wholly in the tree.
using SubtreeReader = FunctionRef<Result<Digest>(unsigned level, std::uint64_t index)>;

/// The hash over the first `size` leaves.
[[nodiscard]] Result<Digest> merkle_root(std::uint64_t size, SubtreeReader read);

/// A tree that is only grown and asked for its root: it keeps one hash for each subtree that will not change.
class MerkleFrontier {
 public:
  void add(const Digest& leaf);
  [[nodiscard]] Digest root() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> subtrees_;  // the largest, which is the leftmost, first
};

/// Proves that leaf `index` is in the tree of `size` leaves; kInvalidArgument unless index < size.
[[nodiscard]] Result<std::vector<Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size, SubtreeReader read);

/// Proves that the tree of `from` leaves is the beginning of the tree of `to`; kInvalidArgument unless from <= to.
/// Empty when there is nothing to prove: for an empty beginning, or two trees of one size.
[[nodiscard]] Result<std::vector<Digest>> consistency_proof(std::uint64_t from, std::uint64_t to, SubtreeReader read);

/// Whether the proof leads from the leaf's hash to the root.
[[nodiscard]] bool is_included(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                               std::span<const Digest> proof, const Digest& root);

/// Whether the proof shows that the tree with `from_root` is the beginning of the one with `to_root`. An empty tree is
/// the beginning of each one.
[[nodiscard]] bool is_consistent(std::uint64_t from, const Digest& from_root, std::uint64_t to, const Digest& to_root,
                                 std::span<const Digest> proof);

}  // namespace keyfold::events
