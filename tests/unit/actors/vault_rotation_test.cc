#include <gtest/gtest.h>

#include "keyfold/v1/vault.pb.h"
#include "tests/unit/actors/memory_store.h"

namespace keyfold::actors::testing {
namespace {

constexpr std::size_t kAll = 1'000'000;

SealContext in_ring(const std::string& ring) { return {ring, "key", "record_1"}; }

std::string data_key_of(const std::string& sealed) {
  v1::Sealed parsed;
  EXPECT_TRUE(parsed.ParseFromString(sealed));
  return parsed.data_key_id();
}

class VaultRotation : public ::testing::Test {
 protected:
  [[nodiscard]] Vault with(char current, std::initializer_list<char> previous = {}) {
    MasterKeys masters{master_key(current), {}};
    for (const char fill : previous) masters.previous.push_back(master_key(fill));
    return {store_, std::move(masters), clock_};
  }
  [[nodiscard]] static std::vector<DataKeyInfo> all(const Vault& vault) { return vault.data_keys("", kAll).value(); }

  MemoryStore store_;
  ManualClock clock_{1'000};
};

// ---- fixed secrets

TEST_F(VaultRotation, FixedSecretIsTheSameForEver) {
  const auto first = with('a').fixed_secret("audit").value();
  EXPECT_EQ(first.view().size(), 32u);
  EXPECT_EQ(with('a').fixed_secret("audit").value().view(), first.view());
  EXPECT_NE(with('a').fixed_secret("other").value().view(), first.view());
}

TEST_F(VaultRotation, FixedSecretIsTheSameForWhoeverMakesItFirst) {
  MemoryStore other;
  Vault elsewhere(other, master_key('a'), clock_);
  EXPECT_EQ(elsewhere.fixed_secret("audit").value().view(), with('a').fixed_secret("audit").value().view());
}

TEST_F(VaultRotation, FixedSecretOutlivesItsMasterKey) {
  const auto first = with('a').fixed_secret("audit").value();
  EXPECT_FALSE(with('b').check_master_keys());
  ASSERT_TRUE(with('b', {'a'}).rewrap(kAll));
  EXPECT_TRUE(with('b').check_master_keys());
  EXPECT_EQ(with('b').fixed_secret("audit").value().view(), first.view());
}

TEST_F(VaultRotation, NoRotationReplacesAFixedSecret) {
  Vault vault = with('a');
  const auto first = vault.fixed_secret("audit").value();
  clock_.advance_ms(1'000);
  EXPECT_EQ(vault.rotate_all(clock_.now_ms(), kAll).value().done, 0u);
  EXPECT_EQ(vault.rotate("fixed/audit").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(vault.fixed_secret("audit").value().view(), first.view());
}

// ---- the master key

TEST_F(VaultRotation, OpensWhatAPreviousMasterKeyWrapped) {
  const auto sealed = with('a').seal(in_ring("ws_1"), "secret").value();
  const Vault vault = with('b', {'x', 'a'});
  EXPECT_TRUE(vault.check_master_keys());
  EXPECT_EQ(vault.open(in_ring("ws_1"), sealed).value(), "secret");
}

TEST_F(VaultRotation, RefusesToGoWithoutAMasterKeyThatIsNeeded) {
  ASSERT_TRUE(with('a').seal(in_ring("ws_1"), "secret"));
  ASSERT_TRUE(with('a').seal(in_ring("ws_2"), "secret"));
  const Status refused = with('b').check_master_keys();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(refused.error().where, master_key('a').id);
  EXPECT_NE(refused.error().what.find("2 data keys"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("previous_master_key"), std::string::npos);
}

TEST_F(VaultRotation, NeedsNoMasterKeyForWhatTheClockHasDestroyed) {
  ASSERT_TRUE(with('a').seal(in_ring("idempotency/1"), "answer", 2'000));
  EXPECT_FALSE(with('b').check_master_keys());
  clock_.advance_ms(1'000);
  EXPECT_TRUE(with('b').check_master_keys());
}

TEST_F(VaultRotation, RewrapsEveryDataKeySoThatThePreviousMasterKeyCanGo) {
  std::vector<std::string> sealed;
  for (int i = 0; i < 5; ++i) sealed.push_back(with('a').seal(in_ring("ws_" + std::to_string(i)), "secret").value());
  ASSERT_EQ(with('b', {'a'}).rewrap(kAll).value().done, 5u);
  Vault vault = with('b');
  EXPECT_TRUE(vault.check_master_keys());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(vault.open(in_ring("ws_" + std::to_string(i)), sealed[i]).value(), "secret");
  EXPECT_EQ(vault.rewrap(kAll).value().done, 0u) << "a repeat finds nothing to do";
  for (const DataKeyInfo& info : all(vault)) EXPECT_EQ(info.master_key_id, vault.master_key_id());
}

TEST_F(VaultRotation, GoesOnWithARewrapThatWasCutOff) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(with('a').seal(in_ring("ws_" + std::to_string(i)), "secret"));
  const auto first = with('b', {'a'}).rewrap(2).value();
  EXPECT_EQ(first.done, 2u);
  EXPECT_EQ(first.left, 3u);
  EXPECT_FALSE(with('b').check_master_keys()) << "three data keys still need it";
  const auto second = with('b', {'a'}).rewrap(kAll).value();
  EXPECT_EQ(second.done, 3u);
  EXPECT_EQ(second.left, 0u);
  EXPECT_TRUE(with('b').check_master_keys());
}

TEST_F(VaultRotation, KeepsTheExpiryAndTheAgeOfARewrappedDataKey) {
  ASSERT_TRUE(with('a').seal(in_ring("idempotency/1"), "answer", 9'000));
  const auto before = all(with('a')).front();
  clock_.advance_ms(500);
  ASSERT_TRUE(with('b', {'a'}).rewrap(kAll));
  const auto after = all(with('b')).front();
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.created_at_ms, before.created_at_ms);
  EXPECT_EQ(after.destroy_after_ms, 9'000);
}

// ---- data keys

TEST_F(VaultRotation, SealsUnderTheNewDataKeyAndOpensUnderTheOld) {
  Vault vault = with('a');
  const auto old = vault.seal(in_ring("ws_1"), "old").value();
  ASSERT_TRUE(vault.rotate("ws_1"));
  const auto fresh = vault.seal(in_ring("ws_1"), "fresh").value();
  EXPECT_NE(data_key_of(fresh), data_key_of(old));
  EXPECT_EQ(vault.open(in_ring("ws_1"), old).value(), "old");
  EXPECT_EQ(vault.open(in_ring("ws_1"), fresh).value(), "fresh");
  for (const DataKeyInfo& info : all(vault)) {
    EXPECT_EQ(info.place == DataKeyInfo::Place::kLatest, info.id == data_key_of(fresh));
  }
}

TEST_F(VaultRotation, RotatesEveryRingMadeBeforeItBeganOnce) {
  Vault vault = with('a');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(vault.seal(in_ring("ws_" + std::to_string(i)), "x"));
  ASSERT_TRUE(vault.seal(in_ring("idempotency/1"), "x", 9'000));
  clock_.advance_ms(10);
  const auto began = clock_.now_ms();
  const auto first = vault.rotate_all(began, 2).value();
  EXPECT_EQ(first.done, 2u);
  EXPECT_EQ(first.left, 3u);
  clock_.advance_ms(-5);
  const auto second = vault.rotate_all(began, kAll).value();
  EXPECT_EQ(second.done, 3u);
  EXPECT_EQ(vault.rotate_all(began, kAll).value().done, 0u) << "also with a clock that was set back";
  EXPECT_EQ(all(vault).size(), 11u) << "two of each ring, one of the ring that the clock destroys";
}

TEST_F(VaultRotation, KnowsNoRingWithoutADataKeyAndLeavesExpiringOnesAlone) {
  Vault vault = with('a');
  EXPECT_EQ(vault.rotate("ws_1").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(vault.rotate("../ws_1").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(vault.seal(in_ring("idempotency/1"), "x", 9'000));
  EXPECT_EQ(vault.rotate("idempotency/1").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(VaultRotation, DestroysASupersededDataKeyAndNeverTheLatest) {
  Vault vault = with('a');
  const auto old = vault.seal(in_ring("ws_1"), "old").value();
  EXPECT_EQ(vault.destroy(data_key_of(old)).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(vault.rotate("ws_1"));
  ASSERT_TRUE(vault.destroy(data_key_of(old)));
  EXPECT_TRUE(vault.destroy(data_key_of(old))) << "a repeat succeeds";
  EXPECT_EQ(vault.open(in_ring("ws_1"), old).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(with('a').open(in_ring("ws_1"), old).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(vault.seal(in_ring("ws_1"), "more"));
}

TEST_F(VaultRotation, KeepsADataKeyWhileACiphertextUnderItIsUnderWay) {
  Vault vault = with('a');
  auto first = vault.seal_held(in_ring("ws_1"), "first").value();
  auto second = vault.seal_held(in_ring("ws_1"), "second").value();
  const auto id = data_key_of(first.sealed);
  ASSERT_TRUE(vault.rotate("ws_1"));
  first.hold.reset();
  EXPECT_TRUE(vault.is_held(id));
  EXPECT_EQ(vault.destroy(id).error().code, ErrorCode::kFailedPrecondition);
  second.hold.reset();
  EXPECT_FALSE(vault.is_held(id));
  EXPECT_TRUE(vault.destroy(id));
}

TEST_F(VaultRotation, TakesNoIdFromACiphertextThatIsNone) {
  const Vault vault = with('a');
  ASSERT_TRUE(store_.put("dek/../ring/x", "1"));
  v1::Sealed forged;
  forged.set_data_key_id("../ring/x");
  EXPECT_EQ(vault.open(in_ring("ws_1"), forged.SerializeAsString()).error().code, ErrorCode::kDataLoss);
}

TEST_F(VaultRotation, RefusesNamesOfRingsThatCouldMeanAnother) {
  Vault vault = with('a');
  for (const std::string& ring : {std::string(), std::string("a b"), std::string("a\0b", 3), std::string(129, 'x')}) {
    EXPECT_EQ(vault.seal(in_ring(ring), "x").error().code, ErrorCode::kInvalidArgument) << ring;
  }
}

TEST_F(VaultRotation, CountsWhatItDoes) {
  Vault vault = with('a');
  const auto sealed = vault.seal(in_ring("ws_1"), "x").value();
  ASSERT_TRUE(vault.open(in_ring("ws_1"), sealed));
  ASSERT_FALSE(vault.open(in_ring("ws_2"), sealed));
  ASSERT_TRUE(vault.rotate("ws_1"));
  ASSERT_TRUE(vault.destroy(data_key_of(sealed)));
  const auto stats = vault.stats();
  EXPECT_EQ(stats.sealed, 1u);
  EXPECT_EQ(stats.opened, 1u);
  EXPECT_EQ(stats.failed, 1u);
  EXPECT_EQ(stats.data_keys_made, 2u);
  EXPECT_EQ(stats.data_keys_destroyed, 1u);
}

// ---- a store that several nodes use

class SharedVault : public ::testing::Test {
 protected:
  [[nodiscard]] Vault node() { return {store_, MasterKeys{master_key('a'), {}}, clock_, VaultStore::kShared}; }

  MemoryStore store_;
  ManualClock clock_{1'000};
};

TEST_F(SharedVault, SealsUnderTheDataKeyThatAnotherNodeMade) {
  Vault first = node();
  Vault second = node();
  const auto before = first.seal(in_ring("ws_1"), "x").value();
  EXPECT_EQ(data_key_of(second.seal(in_ring("ws_1"), "x").value()), data_key_of(before));
  ASSERT_TRUE(second.rotate("ws_1"));
  const auto after = first.seal(in_ring("ws_1"), "x").value();
  EXPECT_NE(data_key_of(after), data_key_of(before)) << "the first node knew only the old one";
  EXPECT_EQ(second.open(in_ring("ws_1"), after).value(), "x");
}

TEST_F(SharedVault, OpensNothingAnyMoreOnceAnotherNodeHasDestroyedTheDataKey) {
  Vault first = node();
  Vault second = node();
  const auto sealed = first.seal(in_ring("ws_1"), "x").value();
  ASSERT_TRUE(first.open(in_ring("ws_1"), sealed));
  ASSERT_TRUE(second.rotate("ws_1"));
  clock_.advance_ms(kSharedDataKeyGraceMs);
  ASSERT_TRUE(second.destroy(data_key_of(sealed)));
  EXPECT_EQ(first.open(in_ring("ws_1"), sealed).error().code, ErrorCode::kNotFound);
}

TEST_F(SharedVault, KeepsASupersededDataKeyWhileAnotherNodeMaySealWithIt) {
  Vault vault = node();
  const auto sealed = vault.seal(in_ring("ws_1"), "x").value();
  ASSERT_TRUE(vault.rotate("ws_1"));
  EXPECT_TRUE(vault.is_held(data_key_of(sealed)));
  EXPECT_EQ(vault.destroy(data_key_of(sealed)).error().code, ErrorCode::kFailedPrecondition);
  clock_.advance_ms(kSharedDataKeyGraceMs);
  EXPECT_FALSE(vault.is_held(data_key_of(sealed)));
  EXPECT_TRUE(vault.destroy(data_key_of(sealed)));
}

}  // namespace
}  // namespace keyfold::actors::testing
