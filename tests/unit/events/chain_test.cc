#include "events/chain.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/unit/events/sample_log.h"

namespace keyfold::events {
namespace {

using testing::key_deleted;
using testing::next_header;

struct Sample {
  v1::EventHeader header;
  std::string bytes;
};

Sample sample(v1::EventHeader header, const v1::Payload& payload) {
  const Record record = encode(header, payload);
  return {header, record.header};
}

v1::Payload opened(std::uint64_t epoch) {
  v1::Payload payload;
  payload.mutable_partition_opened()->set_epoch(epoch);
  return payload;
}

ChainState grown_chain() {
  ChainState state;
  (void)testing::extend(2, state, opened(3));
  (void)testing::extend(2, state, key_deleted("key_1"));
  return state;
}

TEST(Chain, FirstRecordFollowsThirtyTwoZeroBytes) {
  ChainState state;
  const Sample first = sample(next_header(0, state), key_deleted("key_1"));
  EXPECT_EQ(first.header.previous_hash(), std::string(32, '\0'));
  EXPECT_EQ(accept(state, first.header, first.bytes), Verdict::kApplied);
  EXPECT_EQ(state.next, 1u);
  EXPECT_EQ(state.last_hash, leaf_hash(first.bytes));
}

TEST(Chain, RecordThatSkipsOrRepeatsASequenceIsVoid) {
  for (const std::int64_t shift : {-1, 1, 100}) {
    ChainState state = grown_chain();
    v1::EventHeader header = next_header(2, state);
    header.set_sequence(state.next + static_cast<std::uint64_t>(shift));
    const Sample late = sample(header, key_deleted("key_2"));
    EXPECT_EQ(accept(state, late.header, late.bytes), Verdict::kVoid) << shift;
  }
}

TEST(Chain, RecordAfterAnotherLeafIsVoid) {
  ChainState state = grown_chain();
  v1::EventHeader header = next_header(2, state);
  header.mutable_previous_hash()->front() = static_cast<char>(header.previous_hash().front() ^ 1);
  const Sample late = sample(header, key_deleted("key_2"));
  EXPECT_EQ(accept(state, late.header, late.bytes), Verdict::kVoid);
}

TEST(Chain, OrdinaryRecordMustCarryTheCurrentEpoch) {
  for (const std::uint64_t epoch : {0, 2, 4}) {
    ChainState state = grown_chain();
    v1::EventHeader header = next_header(2, state);
    header.set_epoch(epoch);
    const Sample late = sample(header, key_deleted("key_2"));
    EXPECT_EQ(accept(state, late.header, late.bytes), Verdict::kVoid) << epoch;
  }
}

TEST(Chain, OnlyAHigherEpochOpensAPartition) {
  for (const std::uint64_t epoch : {2, 3, 4, 9}) {
    ChainState state = grown_chain();
    v1::EventHeader header = next_header(2, state);
    header.set_epoch(epoch);
    const Sample open = sample(header, opened(epoch));
    EXPECT_EQ(accept(state, open.header, open.bytes), epoch > 3 ? Verdict::kApplied : Verdict::kVoid) << epoch;
    EXPECT_EQ(state.epoch, std::max<std::uint64_t>(epoch, 3));
  }
}

TEST(Chain, VoidRecordChangesNothing) {
  ChainState state = grown_chain();
  const ChainState before = state;
  v1::EventHeader header = next_header(2, state);
  header.set_epoch(1);
  const Sample late = sample(header, key_deleted("key_2"));
  (void)accept(state, late.header, late.bytes);
  EXPECT_EQ(state.next, before.next);
  EXPECT_EQ(state.epoch, before.epoch);
  EXPECT_EQ(state.last_hash, before.last_hash);
}

/// What a log looks like on which fenced writers still land records: every reader must see only the owner's.
TEST(Chain, ReadersOfALogWithVoidRecordsSeeExactlyTheOwnersRecords) {
  const bool holds = rc::check([] {
    std::vector<Sample> landed;
    std::vector<std::string> accepted;  // leaf bytes that the owner counts on
    ChainState owner;
    std::vector<ChainState> fenced;  // where earlier owners still think the chain stands
    for (int step = *rc::gen::inRange(1, 40); step > 0; --step) {
      const int kind = *rc::gen::inRange(0, 4);
      if (kind == 0) {  // a new owner takes over; the old one does not know yet
        fenced.push_back(owner);
        v1::EventHeader header = next_header(0, owner);
        header.set_epoch(owner.epoch + 1 + *rc::gen::inRange<std::uint64_t>(0, 3));
        landed.push_back(sample(header, opened(header.epoch())));
        RC_ASSERT(accept(owner, landed.back().header, landed.back().bytes) == Verdict::kApplied);
        accepted.push_back(landed.back().bytes);
      } else if (kind == 1 && !fenced.empty()) {  // a fenced owner's record lands late
        ChainState& stale = fenced[*rc::gen::inRange<std::size_t>(0, fenced.size())];
        landed.push_back(sample(next_header(0, stale), key_deleted("late_" + std::to_string(step))));
        (void)accept(stale, landed.back().header, landed.back().bytes);
      } else if (kind == 2) {  // noise
        v1::EventHeader header = next_header(0, owner);
        header.set_previous_hash(*rc::gen::container<std::string>(32, rc::gen::arbitrary<char>()));
        RC_PRE(header.previous_hash() != as_view(owner.last_hash));
        landed.push_back(sample(header, key_deleted("noise")));
      } else {
        landed.push_back(sample(next_header(0, owner), key_deleted("key_" + std::to_string(step))));
        RC_ASSERT(accept(owner, landed.back().header, landed.back().bytes) == Verdict::kApplied);
        accepted.push_back(landed.back().bytes);
      }
    }
    ChainState reader;
    std::vector<std::string> seen;
    for (const Sample& record : landed) {
      if (accept(reader, record.header, record.bytes) == Verdict::kApplied) seen.push_back(record.bytes);
    }
    RC_ASSERT(seen == accepted);
    RC_ASSERT(reader.last_hash == owner.last_hash);
    RC_ASSERT(reader.next == accepted.size());
  });
  EXPECT_TRUE(holds);
}

/// The records of one command, extending the chain.
std::vector<Sample> batch_of(std::uint32_t size, ChainState& state, const std::string& name) {
  std::vector<Sample> batch;
  for (std::uint32_t i = 0; i < size; ++i) {
    v1::EventHeader header = next_header(0, state);
    header.set_batch_index(i);
    header.set_batch_size(size);
    batch.push_back(sample(header, key_deleted(name + std::to_string(i))));
    EXPECT_EQ(accept(state, header, batch.back().bytes), Verdict::kApplied);
  }
  return batch;
}

Sample opening(ChainState& state) {
  v1::EventHeader header = next_header(0, state);
  header.set_epoch(state.epoch + 1);
  Sample open = sample(header, opened(header.epoch()));
  EXPECT_EQ(accept(state, open.header, open.bytes), Verdict::kApplied);
  return open;
}

TEST(BatchChain, BatchCountsWhenItsLastRecordIsThere) {
  ChainState owner = grown_chain();
  BatchChain reader(owner);
  const auto batch = batch_of(3, owner, "key_");
  EXPECT_EQ(reader.accept(batch[0].header, batch[0].bytes), BatchChain::Verdict::kHeld);
  EXPECT_EQ(reader.accept(batch[1].header, batch[1].bytes), BatchChain::Verdict::kHeld);
  EXPECT_EQ(reader.held(), 2u);
  EXPECT_EQ(reader.accept(batch[2].header, batch[2].bytes), BatchChain::Verdict::kApplied);
  EXPECT_EQ(reader.whole().last_hash, owner.last_hash);
  EXPECT_EQ(reader.held(), 0u);
}

TEST(BatchChain, NewOwnerMakesATornBatchVoidAndItsLateRestToo) {
  ChainState owner = grown_chain();
  BatchChain reader(owner);
  ChainState next_owner = owner;
  const auto torn = batch_of(3, owner, "torn_");
  const Sample open = opening(next_owner);
  EXPECT_EQ(reader.accept(torn[0].header, torn[0].bytes), BatchChain::Verdict::kHeld);
  EXPECT_EQ(reader.accept(torn[1].header, torn[1].bytes), BatchChain::Verdict::kHeld);
  EXPECT_EQ(reader.accept(open.header, open.bytes), BatchChain::Verdict::kApplied);
  EXPECT_EQ(reader.accept(torn[2].header, torn[2].bytes), BatchChain::Verdict::kVoid);
  EXPECT_EQ(reader.whole().last_hash, next_owner.last_hash);
}

TEST(BatchChain, RecordOfAnotherBatchDoesNotFinishOne) {
  ChainState owner = grown_chain();
  BatchChain reader(owner);
  ChainState other = owner;
  const auto begun = batch_of(2, owner, "begun_");
  const auto single = batch_of(1, other, "single_");
  EXPECT_EQ(reader.accept(begun[0].header, begun[0].bytes), BatchChain::Verdict::kHeld);
  EXPECT_EQ(reader.accept(single[0].header, single[0].bytes), BatchChain::Verdict::kVoid);
  EXPECT_EQ(reader.accept(begun[1].header, begun[1].bytes), BatchChain::Verdict::kApplied);
}

TEST(BatchChain, OpeningThatExtendsNothingLeavesWhatIsHeld) {
  ChainState owner = grown_chain();
  BatchChain reader(owner);
  ChainState elsewhere = owner;
  (void)batch_of(1, elsewhere, "elsewhere_");
  const Sample open = opening(elsewhere);
  const auto batch = batch_of(2, owner, "key_");
  EXPECT_EQ(reader.accept(batch[0].header, batch[0].bytes), BatchChain::Verdict::kHeld);
  EXPECT_EQ(reader.accept(open.header, open.bytes), BatchChain::Verdict::kVoid);
  EXPECT_EQ(reader.accept(batch[1].header, batch[1].bytes), BatchChain::Verdict::kApplied);
}

}  // namespace
}  // namespace keyfold::events
