#include "actors/vault/vault.h"

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/stat.h>

#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "keyfold/v1/vault.pb.h"
#include "schemas/base/encoding.h"
#include "tests/temporary_directory.h"
#include "tests/unit/actors/memory_store.h"

namespace keyfold::actors::testing {
namespace {

using keyfold::testing::TemporaryDirectory;

const SealContext kContext{"ring_1", "idempotency", "record_1"};

class VaultTest : public ::testing::Test {
 protected:
  MemoryStore store_;
  ManualClock clock_{1'000};
};

TEST_F(VaultTest, OpensWhatItSealed) {
  Vault vault(store_, master_key(), clock_);
  EXPECT_TRUE(rc::check([&](const std::string& text, const std::string& ring, const std::string& record) {
    const SealContext context{"ring_" + to_hex(ring).substr(0, 100), "test", record};
    const auto sealed = vault.seal(context, text);
    RC_ASSERT(sealed.has_value());
    RC_ASSERT(vault.open(context, *sealed).value() == text);
  }));
}

TEST_F(VaultTest, OpensAfterARestartWithTheSameMasterKeyAndDataKey) {
  const auto sealed = Vault(store_, master_key(), clock_).seal(kContext, "secret").value();
  Vault vault(store_, master_key(), clock_);
  EXPECT_EQ(vault.open(kContext, sealed).value(), "secret");
  v1::Sealed before;
  v1::Sealed after;
  ASSERT_TRUE(before.ParseFromString(sealed));
  ASSERT_TRUE(after.ParseFromString(vault.seal(kContext, "more").value()));
  EXPECT_EQ(before.data_key_id(), after.data_key_id());
  EXPECT_TRUE(before.data_key_id().starts_with("dek_"));
}

TEST_F(VaultTest, RefusesATextWithAnyBitFlipped) {
  const google::protobuf::LogSilencer quiet;
  Vault vault(store_, master_key(), clock_);
  const auto sealed = vault.seal(kContext, "secret").value();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(vault.open(kContext, flipped)) << "bit " << bit;
  }
  EXPECT_EQ(vault.open(kContext, "").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(vault.open(kContext, sealed.substr(0, sealed.size() - 1)).error().code, ErrorCode::kDataLoss);
}

TEST_F(VaultTest, OpensNothingThatBelongsElsewhere) {
  Vault vault(store_, master_key(), clock_);
  const auto sealed = vault.seal(kContext, "secret").value();
  for (const SealContext& other :
       {SealContext{"ring_2", "idempotency", "record_1"}, SealContext{"ring_1", "other", "record_1"},
        SealContext{"ring_1", "idempotency", "record_2"}, SealContext{"ring_1", "idempotencyr", "ecord_1"}}) {
    const auto opened = vault.open(other, sealed);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kDataLoss);
  }
}

TEST_F(VaultTest, ForgetsWhatWasSealedUnderADestroyedKey) {
  Vault vault(store_, master_key(), clock_);
  const auto sealed = vault.seal(kContext, "secret", 2'000).value();
  const auto kept = vault.seal({"ring_2", "idempotency", "record_1"}, "kept").value();
  EXPECT_EQ(vault.destroy_expired().value(), 0);
  clock_.advance_ms(1'000);
  EXPECT_EQ(vault.destroy_expired().value(), 1);
  EXPECT_EQ(vault.open(kContext, sealed).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Vault(store_, master_key(), clock_).open(kContext, sealed).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(vault.open({"ring_2", "idempotency", "record_1"}, kept).value(), "kept");
  EXPECT_EQ(store_.size(), 2u) << "the other ring's data key and its name";
  EXPECT_EQ(vault.destroy_expired().value(), 0);
}

TEST_F(VaultTest, GivesARingANewKeyWhenItsOldOneIsOver) {
  Vault vault(store_, master_key(), clock_);
  const auto first = vault.seal(kContext, "first", 2'000).value();
  clock_.advance_ms(1'000);
  const auto second = vault.seal(kContext, "second", 3'000).value();
  EXPECT_EQ(vault.destroy_expired().value(), 1);
  EXPECT_EQ(vault.open(kContext, first).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(vault.open(kContext, second).value(), "second");
  const auto third = vault.seal(kContext, "third").value();
  EXPECT_EQ(vault.open(kContext, third).value(), "third");
}

TEST_F(VaultTest, SurvivesARingThatNamesAMissingKey) {
  ASSERT_TRUE(store_.put("ring/ring_1", "dek_gone"));
  Vault vault(store_, master_key(), clock_);
  EXPECT_EQ(vault.open(kContext, vault.seal(kContext, "secret").value()).value(), "secret");
}

TEST_F(VaultTest, NoticesAWrongMasterKey) {
  const auto sealed = Vault(store_, master_key('m'), clock_).seal(kContext, "secret").value();
  Vault vault(store_, master_key('w'), clock_);
  EXPECT_EQ(vault.open(kContext, sealed).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(vault.seal(kContext, "more").error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(VaultTest, NoticesAStoredDataKeyThatWasChanged) {
  Vault first(store_, master_key(), clock_);
  const auto sealed = first.seal(kContext, "secret").value();
  const auto entry = store_.list("dek/").value().front();
  v1::WrappedDataKey wrapped;
  ASSERT_TRUE(wrapped.ParseFromString(entry.second));
  wrapped.set_ring("ring_2");
  ASSERT_TRUE(store_.put(entry.first, wrapped.SerializeAsString()));
  EXPECT_EQ(Vault(store_, master_key(), clock_).open(kContext, sealed).error().code, ErrorCode::kDataLoss);
}

TEST_F(VaultTest, StoresNoKeyInTheClear) {
  Vault vault(store_, master_key(), clock_);
  ASSERT_TRUE(vault.seal(kContext, "secret text"));
  const auto entries = store_.list("").value();
  for (const auto& [key, value] : entries) {
    EXPECT_EQ(value.find("secret text"), std::string::npos);
    EXPECT_EQ(value.find(std::string(32, 'm')), std::string::npos);
  }
}

TEST_F(VaultTest, RefusesATextThatIsTooLarge) {
  Vault vault(store_, master_key(), clock_);
  EXPECT_EQ(vault.seal(kContext, std::string(16 * 1024 * 1024 + 1, 'x')).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(VaultTest, IsSharedByThreadsThatAgreeOnOneKeyPerRing) {
  Vault vault(store_, master_key(), clock_);
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::string> data_keys;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const SealContext context{"ring_" + std::to_string(i % 3), "test", std::to_string(t)};
        const auto sealed = vault.seal(context, std::to_string(i));
        ASSERT_TRUE(sealed);
        EXPECT_EQ(vault.open(context, *sealed).value(), std::to_string(i));
        v1::Sealed parsed;
        ASSERT_TRUE(parsed.ParseFromString(*sealed));
        const std::lock_guard lock(mutex);
        data_keys.insert(parsed.data_key_id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(data_keys.size(), 3u);
}

// ---- the master key

TEST(MasterKeyTest, HasAnIdThatFollowsFromItsBytes) {
  EXPECT_EQ(master_key('a').id, master_key('a').id);
  EXPECT_NE(master_key('a').id, master_key('b').id);
  EXPECT_EQ(master_key('a').id.size(), 3u + 16u);
  EXPECT_TRUE(master_key('a').id.starts_with("mk_"));
}

TEST(MasterKeyTest, IsThirtyTwoBytesOfBase64) {
  for (const std::string bad : {"", "not base64!", "c2hvcnQ="}) {
    EXPECT_EQ(MasterKey::from_base64(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  }
  EXPECT_EQ(MasterKey::from_base64(to_base64(std::string(33, 'x'))).error().code, ErrorCode::kInvalidArgument);
}

TEST(MasterKeyTest, DerivesADifferentKeyForEachPurpose) {
  const MasterKey key = master_key();
  EXPECT_EQ(key.derive("log").size(), 32u);
  EXPECT_EQ(key.derive("log"), key.derive("log"));
  EXPECT_NE(key.derive("log"), key.derive("vault"));
  EXPECT_NE(key.derive("log"), key.bytes);
}

TEST(MasterKeyTest, IsMadeOnceInAFileThatOnlyItsOwnerMayRead) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "master.key";
  const auto made = MasterKey::from_file(file);
  ASSERT_TRUE(made) << made.error().to_string();
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(MasterKey::from_file(file).value().bytes, made->bytes);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1) << "no draft stays behind";
}

TEST(MasterKeyTest, IsOneWhenSeveralMakeItAtOnce) {
  const TemporaryDirectory directory;
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) {
    threads.emplace_back([&] { id = MasterKey::from_file(directory.path() / "master.key").value().id; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1u);
}

TEST(MasterKeyTest, IsNotTakenFromAFileThatOthersMayRead) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "master.key";
  ASSERT_TRUE(MasterKey::from_file(file));
  for (const mode_t mode : {0640u, 0604u, 0620u, 0666u}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    const auto refused = MasterKey::from_file(file);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_NE(refused.error().hint.find("chmod 600"), std::string::npos);
  }
  ASSERT_EQ(::chmod(file.c_str(), 0400), 0);
  EXPECT_TRUE(MasterKey::from_file(file));
}

TEST(MasterKeyTest, IsRefusedWithThePathWhenTheFileHoldsSomethingElse) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "master.key";
  std::ofstream(file) << "hello\n";
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  const auto refused = MasterKey::from_file(file);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().where, file.string());
  EXPECT_EQ(MasterKey::from_file(directory.path()).error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(MasterKey::from_file(directory.path() / "none" / "master.key").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace keyfold::actors::testing
