#include "events/merkle.h"

#include <bit>
#include <optional>

namespace keyfold::events {
namespace {

using Hashes = std::vector<Digest>;

/// Where a tree of `count` > 1 leaves parts: the largest power of two below it.
std::uint64_t split_of(std::uint64_t count) { return std::bit_floor(count - 1); }

Digest node_hash_of(const Digest& left, const Digest& right) { return node_hash(as_view(left), as_view(right)); }

/// MTH of the RFC over the leaves [begin, end), where `begin` is a multiple of the power of two that end - begin fits
/// in.
Result<Digest> range_hash(std::uint64_t begin, std::uint64_t end, SubtreeReader read) {
  const std::uint64_t count = end - begin;
  if (std::has_single_bit(count)) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    return read(level, begin >> level);
  }
  const std::uint64_t middle = begin + split_of(count);
  auto left = range_hash(begin, middle, read);
  if (!left) return left;
  auto right = range_hash(middle, end, read);
  if (!right) return right;
  return node_hash_of(*left, *right);
}

Status append_hash(std::uint64_t begin, std::uint64_t end, SubtreeReader read, Hashes& out) {
  const auto hash = range_hash(begin, end, read);
  if (!hash) return tl::unexpected(hash.error());
  out.push_back(*hash);
  return {};
}

/// PATH of the RFC.
Status append_path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, SubtreeReader read, Hashes& out) {
  if (end - begin == 1) return {};
  const std::uint64_t middle = begin + split_of(end - begin);
  if (index < middle) {
    const Status below = append_path(index, begin, middle, read, out);
    return below ? append_hash(middle, end, read, out) : below;
  }
  const Status below = append_path(index, middle, end, read, out);
  return below ? append_hash(begin, middle, read, out) : below;
}

/// SUBPROOF of the RFC: `from` is the end of the older tree. As long as the older tree is the left part of the range,
/// the verifier knows the range's hash: it is the older root.
enum class OlderRoot { kKnown, kNeeded };
Status append_subproof(std::uint64_t from, std::uint64_t begin, std::uint64_t end, OlderRoot root, SubtreeReader read,
                       Hashes& out) {
  if (from == end) return root == OlderRoot::kKnown ? Status() : append_hash(begin, end, read, out);
  const std::uint64_t middle = begin + split_of(end - begin);
  if (from <= middle) {
    const Status below = append_subproof(from, begin, middle, root, read, out);
    return below ? append_hash(middle, end, read, out) : below;
  }
  const Status below = append_subproof(from, middle, end, OlderRoot::kNeeded, read, out);
  return below ? append_hash(begin, middle, read, out) : below;
}

}  // namespace

Digest node_hash(std::string_view left, std::string_view right) {
  return sha256({std::string_view("\x01", 1), left, right});
}

Digest empty_root() { return sha256(std::string_view()); }

Result<Digest> merkle_root(std::uint64_t size, SubtreeReader read) {
  if (size == 0) return empty_root();
  return range_hash(0, size, read);
}

void MerkleFrontier::add(const Digest& leaf) {
  Digest hash = leaf;
  for (std::uint64_t covered = size_; (covered & 1) != 0; covered >>= 1) {
    hash = node_hash_of(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  ++size_;
}

Digest MerkleFrontier::root() const {
  if (subtrees_.empty()) return empty_root();
  Digest hash = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i > 0; --i) hash = node_hash_of(subtrees_[i - 1], hash);
  return hash;
}

Result<Hashes> inclusion_proof(std::uint64_t index, std::uint64_t size, SubtreeReader read) {
  if (index >= size) {
    return fail(ErrorCode::kInvalidArgument,
                "a tree of " + std::to_string(size) + " leaves has no leaf " + std::to_string(index));
  }
  Hashes proof;
  if (Status made = append_path(index, 0, size, read, proof); !made) return tl::unexpected(made.error());
  return proof;
}

Result<Hashes> consistency_proof(std::uint64_t from, std::uint64_t to, SubtreeReader read) {
  if (from > to) {
    return fail(ErrorCode::kInvalidArgument,
                "a tree of " + std::to_string(from) + " leaves is not the beginning of one of " + std::to_string(to));
  }
  Hashes proof;
  if (from == 0 || from == to) return proof;
  if (Status made = append_subproof(from, 0, to, OlderRoot::kKnown, read, proof); !made) {
    return tl::unexpected(made.error());
  }
  return proof;
}

// RFC 9162, section 2.1.3.2.
bool is_included(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> proof,
                 const Digest& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash_of(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash_of(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162, section 2.1.4.2.
bool is_consistent(std::uint64_t from, const Digest& from_root, std::uint64_t to, const Digest& to_root,
                   std::span<const Digest> proof) {
  if (from > to) return false;
  if (from == 0) return proof.empty() && from_root == empty_root();
  if (from == to) return proof.empty() && from_root == to_root;
  std::size_t next = 0;
  Digest older = from_root;
  if (!std::has_single_bit(from)) {
    if (proof.empty()) return false;
    older = proof[next++];
  }
  Digest newer = older;
  std::uint64_t node = from - 1;
  std::uint64_t last = to - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  for (; next < proof.size(); ++next) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      older = node_hash_of(proof[next], older);
      newer = node_hash_of(proof[next], newer);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      newer = node_hash_of(newer, proof[next]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && older == from_root && newer == to_root;
}

}  // namespace keyfold::events
