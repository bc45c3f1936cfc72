#include "projections/audit_store.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rocksdb/db.h>

#include <limits>
#include <numeric>

#include "events/embedded_log.h"
#include "events/merkle.h"
#include "projections/audit_follower.h"
#include "projections/audit_store_options.h"
#include "tests/temporary_directory.h"
#include "tests/unit/projections/memory_log.h"
#include "tests/unit/projections/sample_events.h"

namespace keyfold::projections {
namespace {

using testing::kNowMs;
using Sequences = std::vector<events::Sequence>;

constexpr events::Sequence kNewest = std::numeric_limits<events::Sequence>::max();

/// One event of the partition's end.
struct Change {
  std::string workspace_id = "ws_1";
  std::string key_id = "key_1";
  std::string principal_id = "root_1";
  std::int64_t time_ms = kNowMs;
  std::string event = "key_deleted { key_id: 'key_1' }";
};

void append(events::Log& log, events::PartitionId partition, const std::vector<Change>& changes) {
  events::ChainState chain = log.tail(partition);
  events::Append append{partition, chain.next, {}};
  for (const Change& change : changes) {
    const v1::Payload payload = testing::payload(change.event);
    v1::EventHeader header = testing::header_after(partition, chain, payload, change.time_ms);
    header.set_workspace_id(change.workspace_id);
    header.set_stream_kind("key");
    header.set_stream_id(change.key_id);
    header.mutable_principal()->set_id(change.principal_id);
    append.records.push_back(events::encode(header, payload));
    ASSERT_EQ(events::accept(chain, header, append.records.back().header), events::Verdict::kApplied);
  }
  const Status appended = log.append({&append, 1});
  ASSERT_TRUE(appended) << appended.error().to_string();
}

class AuditStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    store_.reset();
    auto opened = AuditStore::open(directory_, log_);
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *std::move(opened);
  }
  [[nodiscard]] Error refusal() {
    store_.reset();
    const auto opened = AuditStore::open(directory_, log_);
    return opened ? Error{ErrorCode::kInternal, "opened", "", ""} : opened.error();
  }
  void append(const std::vector<Change>& changes, events::PartitionId partition = 0) {
    projections::append(log_, partition, changes);
  }
  void catch_up() {
    const Status folded = store_->catch_up();
    ASSERT_TRUE(folded) << folded.error().to_string();
  }
  void flush() {
    const Status flushed = store_->flush();
    ASSERT_TRUE(flushed) << flushed.error().to_string();
  }

  [[nodiscard]] Sequences workspace(const std::string& id, events::Sequence from = 0,
                                    EventOrder order = EventOrder::kOldestFirst) const {
    Sequences found;
    const Status scanned = store_->scan_workspace(0, id, from, order, [&](events::Sequence sequence) {
      found.push_back(sequence);
      return true;
    });
    EXPECT_TRUE(scanned);
    return found;
  }
  [[nodiscard]] Sequences key(const std::string& id) const {
    Sequences found;
    const Status scanned =
        store_->scan_resource(0, "ws_1", "key", id, 0, EventOrder::kOldestFirst, [&](events::Sequence sequence) {
          found.push_back(sequence);
          return true;
        });
    EXPECT_TRUE(scanned);
    return found;
  }
  [[nodiscard]] Sequences principal(const std::string& id) const {
    Sequences found;
    const Status scanned =
        store_->scan_principal(0, "ws_1", id, 0, EventOrder::kOldestFirst, [&](events::Sequence sequence) {
          found.push_back(sequence);
          return true;
        });
    EXPECT_TRUE(scanned);
    return found;
  }
  /// The leaves as the log holds them.
  [[nodiscard]] std::vector<Digest> leaves(events::PartitionId partition) const {
    std::vector<Digest> leaves;
    const auto read = log_.read(partition, 0, std::numeric_limits<std::size_t>::max(),
                                [&](events::Sequence, events::RecordView record) {
                                  leaves.push_back(events::leaf_hash(record.header));
                                  return true;
                                });
    EXPECT_TRUE(read);
    return leaves;
  }
  /// The root over the first leaves, from the leaves alone.
  [[nodiscard]] static Digest root_of(const std::vector<Digest>& leaves, std::size_t size) {
    const auto hash = [&](auto&& self, unsigned level, std::uint64_t index) -> Result<Digest> {
      if (level == 0) return leaves.at(index);
      const Digest left = self(self, level - 1, 2 * index).value();
      const Digest right = self(self, level - 1, 2 * index + 1).value();
      return events::node_hash(as_view(left), as_view(right));
    };
    return events::merkle_root(size, [&](unsigned level, std::uint64_t index) { return hash(hash, level, index); })
        .value();
  }

  keyfold::testing::TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_.path() / "audit";
  testing::MemoryLog log_{2};
  std::unique_ptr<AuditStore> store_;
};

TEST_F(AuditStoreTest, FindsEventsByWorkspaceResourceAndPrincipal) {
  append({{.key_id = "key_1"}, {.workspace_id = "ws_2"}, {.key_id = "key_2"}, {.principal_id = "root_2"}});
  catch_up();
  EXPECT_EQ(workspace("ws_1"), (Sequences{0, 2, 3}));
  EXPECT_EQ(workspace("ws_2"), (Sequences{1}));
  EXPECT_EQ(workspace("ws"), Sequences());
  EXPECT_EQ(key("key_1"), (Sequences{0, 3}));
  EXPECT_EQ(key("key_2"), (Sequences{2}));
  EXPECT_EQ(principal("root_1"), (Sequences{0, 2}));
  EXPECT_EQ(principal("root_2"), (Sequences{3}));
}

TEST_F(AuditStoreTest, BeginsAtASequenceInEitherOrder) {
  append(std::vector<Change>(5));
  catch_up();
  EXPECT_EQ(workspace("ws_1", 2), (Sequences{2, 3, 4}));
  EXPECT_EQ(workspace("ws_1", 2, EventOrder::kNewestFirst), (Sequences{2, 1, 0}));
  EXPECT_EQ(workspace("ws_1", kNewest, EventOrder::kNewestFirst), (Sequences{4, 3, 2, 1, 0}));
  EXPECT_EQ(workspace("ws_1", 5), Sequences());
}

TEST_F(AuditStoreTest, StopsWhenTheVisitorHasEnough) {
  append(std::vector<Change>(5));
  catch_up();
  Sequences found;
  const Status scanned = store_->scan_workspace(0, "ws_1", 0, EventOrder::kOldestFirst, [&](events::Sequence sequence) {
    found.push_back(sequence);
    return found.size() < 2;
  });
  ASSERT_TRUE(scanned);
  EXPECT_EQ(found, (Sequences{0, 1}));
}

TEST_F(AuditStoreTest, InternalEventsAreLeavesButInNoIndex) {
  append({{.event = "partition_opened { epoch: 1 }"}, {}, {.event = "command_recorded {}"}});
  catch_up();
  EXPECT_EQ(store_->next(0), 3u);
  EXPECT_EQ(workspace("ws_1"), (Sequences{1}));
  EXPECT_EQ(store_->root(0, 3).value(), root_of(leaves(0), 3));
}

TEST_F(AuditStoreTest, RootsAndProofsAreThoseOfTheLogsLeaves) {
  append(std::vector<Change>(700), 1);
  catch_up();
  const auto leaves_of_log = leaves(1);
  rc::check([&] {
    const auto size = *rc::gen::inRange<std::uint64_t>(1, 701);
    const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
    const Digest root = root_of(leaves_of_log, size);
    RC_ASSERT(store_->root(1, size).value() == root);
    RC_ASSERT(
        events::is_included(leaves_of_log[index], index, size, store_->inclusion_proof(1, index, size).value(), root));
    RC_ASSERT(events::is_consistent(index, root_of(leaves_of_log, index), size, root,
                                    store_->consistency_proof(1, index, size).value()));
  });
}

TEST_F(AuditStoreTest, TilesGrowAndKeepTheirBeginning) {
  append(std::vector<Change>(300));
  catch_up();
  const std::string full = store_->tile(0, {0, 0, 256}).value();
  EXPECT_EQ(store_->tile(0, {0, 0, 7}).value(), full.substr(0, 7 * 32));
  EXPECT_EQ(store_->tile(0, {1, 0, 1}).value(), as_view(events::run_hash(full)));
  EXPECT_EQ(store_->tile(0, {0, 1, 44}).value().size(), 44u * 32);
  EXPECT_EQ(store_->tile(0, {0, 1, 45}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->tile(0, {0, 9, 1}).error().code, ErrorCode::kNotFound);
}

TEST_F(AuditStoreTest, SizesThatTheLogHasNotReachedAreRefused) {
  append(std::vector<Change>(3));
  catch_up();
  EXPECT_EQ(store_->root(0, 4).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_->inclusion_proof(0, 1, 4).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_->consistency_proof(0, 1, 4).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_->root(0, 0).value(), events::empty_root());
}

TEST_F(AuditStoreTest, GoesOnAfterARestartAsIfThereHadBeenNone) {
  rc::check([this] {
    const auto some = [] { return std::vector<Change>(*rc::gen::inRange<std::size_t>(0, 90)); };
    append(some());
    catch_up();
    flush();
    append(some());
    catch_up();  // lost with the process
    open();
    append(some());
    catch_up();
    const auto leaves_of_log = leaves(0);
    RC_ASSERT(store_->next(0) == leaves_of_log.size());
    RC_ASSERT(store_->root(0, leaves_of_log.size()).value() == root_of(leaves_of_log, leaves_of_log.size()));
    Sequences all(leaves_of_log.size());
    std::iota(all.begin(), all.end(), 0);
    RC_ASSERT(workspace("ws_1") == all);
  });
}

TEST_F(AuditStoreTest, FirstEventOfATimeIsTheOneBeforeWhichAllAreEarlier) {
  rc::check([this] {
    // Clocks that step back now and then.
    std::vector<Change> changes(*rc::gen::inRange<std::size_t>(1, 300));
    for (Change& change : changes) change.time_ms = kNowMs + *rc::gen::inRange<std::int64_t>(-20, 1'000);
    append(changes, 1);
    catch_up();
    std::vector<std::int64_t> times;
    const auto read = log_.read(1, 0, 1'000'000, [&](events::Sequence, events::RecordView record) {
      v1::EventHeader header;
      RC_ASSERT(header.ParseFromString(std::string(record.header)));
      times.push_back(header.time_ms());
      return true;
    });
    RC_ASSERT(read.has_value());
    const std::int64_t wanted = kNowMs + *rc::gen::inRange<std::int64_t>(-30, 1'010);
    const auto first = std::find_if(times.begin(), times.end(), [&](std::int64_t time) { return time >= wanted; });
    RC_ASSERT(store_->first_at_or_after(1, wanted).value() == static_cast<events::Sequence>(first - times.begin()));
  });
}

/// The event that puts checkpoints into the directory.
std::string published(events::PartitionId partition, std::uint64_t size) {
  return "tree_heads_published { heads { partition: " + std::to_string(partition) + " size: " + std::to_string(size) +
         " checkpoint: 'partition " + std::to_string(partition) + " at " + std::to_string(size) + "' } }";
}

TEST_F(AuditStoreTest, DirectoryHoldsTheCheckpointsThatAreNewerThanThoseBefore) {
  append(
      {{.event = published(0, 5)}, {.event = published(1, 7)}, {.event = published(0, 5)}, {.event = published(0, 4)}});
  append({{.event = published(0, 9)}, {.event = published(99, 1)}});
  catch_up();
  flush();
  open();
  EXPECT_EQ(store_->tree_size(kDirectoryTree), 3u);
  EXPECT_EQ(store_->directory_sizes(), (std::vector<std::uint64_t>{9, 7}));
  EXPECT_EQ(store_->directory_leaf(1).value(), "partition 1 at 7");
  EXPECT_EQ(store_->directory_leaf(3).error().code, ErrorCode::kNotFound);
  const std::vector<Digest> leaves_of_directory = {events::leaf_hash("partition 0 at 5"),
                                                   events::leaf_hash("partition 1 at 7"),
                                                   events::leaf_hash("partition 0 at 9")};
  EXPECT_EQ(store_->root(kDirectoryTree, 3).value(), root_of(leaves_of_directory, 3));
  EXPECT_EQ(workspace("ws_1"), Sequences());
}

TEST_F(AuditStoreTest, StoreAheadOfTheLogIsRefused) {
  append(std::vector<Change>(3));
  catch_up();
  flush();
  log_.lose_last(0);
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kDataLoss);
  EXPECT_EQ(error.what, "the log has lost records: the audit store has seen 3 of partition 0, the log holds 2");
}

TEST_F(AuditStoreTest, StoreOfAnotherLogIsRefused) {
  append(std::vector<Change>(3));
  catch_up();
  flush();
  for (int i = 0; i < 3; ++i) log_.lose_last(0);
  append({{.key_id = "key_2"}, {}, {}, {}});
  EXPECT_EQ(refusal().what, "the log holds another event 2 of partition 0 than the one that the audit store has seen");
}

TEST_F(AuditStoreTest, StoreOfAnotherNumberOfPartitionsIsRefused) {
  flush();
  store_.reset();
  const testing::MemoryLog other{3};
  const auto opened = AuditStore::open(directory_, other);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().what, "the audit store is of a log with 2 partitions, this one has 3");
}

TEST_F(AuditStoreTest, StoreOfAnotherVersionIsMadeAnew) {
  append(std::vector<Change>(3));
  catch_up();
  flush();
  store_.reset();
  {
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(audit_store_options(), directory_, audit_store_families(), &handles, &db).ok());
    ASSERT_TRUE(db->Put({}, handles[0], "format", std::string(7, '\0') + "\x7f" + std::string(8, '\0')).ok());
    for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    delete db;
  }
  open();
  EXPECT_EQ(store_->next(0), 0u);
  catch_up();
  EXPECT_EQ(workspace("ws_1"), (Sequences{0, 1, 2}));
}

TEST_F(AuditStoreTest, EventThatDoesNotContinueTheChainIsNotFolded) {
  append(std::vector<Change>(3));
  log_.swap_with_next(0, 1);
  const Status folded = store_->catch_up();
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(folded.error().where, "0:1");
  EXPECT_EQ(store_->next(0), 0u);
}

TEST(AuditFollower, BringsWhatIsAppendedToWhoeverWaits) {
  const keyfold::testing::TemporaryDirectory temporary;
  const auto log = events::EmbeddedLog::open({.directory = temporary.path() / "log", .partitions = 2}).value();
  const auto store = AuditStore::open(temporary.path() / "audit", *log).value();
  const AuditFollower follower(*store, [](const Error& error) { FAIL() << error.to_string(); });
  EXPECT_FALSE(store->wait({1, 0}, 0));
  EXPECT_FALSE(store->wait({7, 0}, 0));
  for (events::Sequence i = 0; i < 50; ++i) {
    append(*log, 1, {{}});
    ASSERT_TRUE(store->wait({1, i}, 60'000));
    EXPECT_EQ(store->next(1), i + 1);
  }
  EXPECT_GE(follower.stats().events, 49u);  // the last one is counted a moment after it is there
}

TEST(AuditFollower, TellsOnceWhatFailsAndTriesAgain) {
  const keyfold::testing::TemporaryDirectory temporary;
  testing::MemoryLog log{1};
  append(log, 0, std::vector<Change>(3));
  log.swap_with_next(0, 1);
  const auto store = AuditStore::open(temporary.path() / "audit", log).value();
  std::atomic<int> told{0};
  const AuditFollower follower(*store, [&](const Error&) { ++told; });
  while (follower.stats().errors < 2) EXPECT_FALSE(store->wait({0, 2}, 10));
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace keyfold::projections
