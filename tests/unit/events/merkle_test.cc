#include "events/merkle.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "events/event.h"
#include "schemas/base/encoding.h"

namespace keyfold::events {
namespace {

using Leaves = std::vector<Digest>;

Leaves leaves_of(std::size_t count) {
  Leaves leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
  return leaves;
}

/// MTH of RFC 6962, section 2.1, word for word.
Digest naive_root(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256("");
  if (leaves.size() == 1) return leaves[0];
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  const Digest left = naive_root(leaves.first(split));
  const Digest right = naive_root(leaves.subspan(split));
  return sha256({std::string_view("\x01", 1), as_view(left), as_view(right)});
}

/// Reads complete subtrees only, as stored ones are.
auto reader_of(const Leaves& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> Result<Digest> {
    const std::size_t begin = index << level;
    const std::size_t count = std::size_t{1} << level;
    if (begin + count > leaves.size()) return fail(ErrorCode::kInternal, "not in the tree");
    return naive_root(std::span(leaves).subspan(begin, count));
  };
}

Digest root_of(const Leaves& leaves, std::size_t size) { return naive_root(std::span(leaves).first(size)); }

/// The test vectors of certificate-transparency implementations: eight leaves and the roots over the first of them.
TEST(Merkle, RootsAreThoseOfTheKnownVectors) {
  const std::vector<std::string> inputs = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Leaves leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    leaves.push_back(leaf_hash(from_hex(inputs[i]).value()));
    EXPECT_EQ(to_hex(as_view(merkle_root(leaves.size(), reader_of(leaves)).value())), roots[i]);
  }
}

TEST(Merkle, RootOfNothingIsTheHashOfNothing) {
  const Leaves none;
  EXPECT_EQ(merkle_root(0, reader_of(none)).value(), sha256(""));
}

TEST(Merkle, RootIsTheRecursiveDefinitions) {
  rc::check([] {
    const Leaves leaves = leaves_of(*rc::gen::inRange<std::size_t>(0, 300));
    RC_ASSERT(merkle_root(leaves.size(), reader_of(leaves)).value() == naive_root(leaves));
  });
}

TEST(Merkle, FrontierHasTheRootOfEverySize) {
  const Leaves leaves = leaves_of(300);
  MerkleFrontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    ASSERT_EQ(frontier.size(), size);
    ASSERT_EQ(frontier.root(), root_of(leaves, size)) << size;
    if (size < leaves.size()) frontier.add(leaves[size]);
  }
}

TEST(Merkle, EveryLeafIsProvenIncluded) {
  rc::check([] {
    const Leaves leaves = leaves_of(*rc::gen::inRange<std::size_t>(1, 300));
    const auto index = *rc::gen::inRange<std::size_t>(0, leaves.size());
    const auto proof = inclusion_proof(index, leaves.size(), reader_of(leaves)).value();
    RC_ASSERT(is_included(leaves[index], index, leaves.size(), proof, naive_root(leaves)));
  });
}

TEST(Merkle, InclusionOfAnythingElseIsNotProven) {
  rc::check([] {
    const Leaves leaves = leaves_of(*rc::gen::inRange<std::size_t>(2, 100));
    const auto index = *rc::gen::inRange<std::size_t>(0, leaves.size());
    const Digest root = naive_root(leaves);
    auto proof = inclusion_proof(index, leaves.size(), reader_of(leaves)).value();
    const auto other = (index + *rc::gen::inRange<std::size_t>(1, leaves.size())) % leaves.size();
    RC_ASSERT(!is_included(leaves[other], index, leaves.size(), proof, root));
    RC_ASSERT(!is_included(leaves[index], other, leaves.size(), proof, root));
    auto changed = proof;
    changed[*rc::gen::inRange<std::size_t>(0, proof.size())][0] ^= 1;
    RC_ASSERT(!is_included(leaves[index], index, leaves.size(), changed, root));
    auto longer = proof;
    longer.push_back(root);
    RC_ASSERT(!is_included(leaves[index], index, leaves.size(), longer, root));
    proof.pop_back();
    RC_ASSERT(!is_included(leaves[index], index, leaves.size(), proof, root));
  });
}

TEST(Merkle, EveryOlderTreeIsProvenTheBeginningOfANewerOne) {
  rc::check([] {
    const Leaves leaves = leaves_of(*rc::gen::inRange<std::size_t>(0, 300));
    const auto from = *rc::gen::inRange<std::size_t>(0, leaves.size() + 1);
    const auto proof = consistency_proof(from, leaves.size(), reader_of(leaves)).value();
    RC_ASSERT(is_consistent(from, root_of(leaves, from), leaves.size(), naive_root(leaves), proof));
  });
}

TEST(Merkle, ATreeWithAnotherBeginningIsNotProvenConsistent) {
  rc::check([] {
    Leaves leaves = leaves_of(*rc::gen::inRange<std::size_t>(2, 100));
    const auto from = *rc::gen::inRange<std::size_t>(1, leaves.size());
    const Digest from_root = root_of(leaves, from);
    leaves[*rc::gen::inRange<std::size_t>(0, from)][0] ^= 1;
    const auto proof = consistency_proof(from, leaves.size(), reader_of(leaves)).value();
    RC_ASSERT(!is_consistent(from, from_root, leaves.size(), naive_root(leaves), proof));
  });
}

TEST(Merkle, AChangedConsistencyProofProvesNothing) {
  rc::check([] {
    const Leaves leaves = leaves_of(*rc::gen::inRange<std::size_t>(2, 100));
    const auto from = *rc::gen::inRange<std::size_t>(1, leaves.size());
    const Digest older = root_of(leaves, from);
    const Digest newer = naive_root(leaves);
    auto proof = consistency_proof(from, leaves.size(), reader_of(leaves)).value();
    auto changed = proof;
    changed[*rc::gen::inRange<std::size_t>(0, proof.size())][0] ^= 1;
    RC_ASSERT(!is_consistent(from, older, leaves.size(), newer, changed));
    proof.pop_back();
    RC_ASSERT(!is_consistent(from, older, leaves.size(), newer, proof));
  });
}

TEST(Merkle, WhatLiesOutsideTheTreeIsRefused) {
  const Leaves leaves = leaves_of(3);
  EXPECT_EQ(inclusion_proof(3, 3, reader_of(leaves)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(consistency_proof(4, 3, reader_of(leaves)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(is_included(leaves[0], 3, 3, {}, leaves[0]));
  EXPECT_FALSE(is_consistent(4, leaves[0], 3, leaves[0], {}));
}

TEST(Merkle, AReadersErrorIsHandedOn) {
  const auto broken = [](unsigned, std::uint64_t) -> Result<Digest> { return fail(ErrorCode::kIo, "no disk"); };
  EXPECT_EQ(merkle_root(5, broken).error().what, "no disk");
  EXPECT_EQ(inclusion_proof(2, 5, broken).error().what, "no disk");
  EXPECT_EQ(consistency_proof(3, 5, broken).error().what, "no disk");
}

}  // namespace
}  // namespace keyfold::events
