#include "events/kafka/copy_fold.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/unit/events/sample_log.h"

namespace keyfold::events {
namespace {

using testing::key_deleted;

/// A partition of a topic in memory, and what a reader makes of it.
class Topic {
 public:
  void land(const Record& record) { records_.push_back(record); }
  void land(const Append& append) {
    for (const Record& record : append.records) land(record);
  }
  [[nodiscard]] std::int64_t end() const { return static_cast<std::int64_t>(records_.size()); }
  [[nodiscard]] TopicRecord at(std::int64_t offset) const {
    const Record& record = records_.at(static_cast<std::size_t>(offset));
    return {offset, 1'000 + offset, {record.header, record.payload}};
  }

 private:
  std::vector<Record> records_;
};

struct Reader {
  CopyFold fold{0, {}, {}};
  std::vector<std::string> accepted;  // header bytes
  Sequence next = 0;

  void read(const Topic& topic, std::int64_t end) {
    for (std::int64_t offset = fold.last().offset + 1; offset < end; ++offset) {
      fold.fold(topic.at(offset), [this](Sequence sequence, RecordView record) {
        EXPECT_EQ(sequence, next++);
        accepted.emplace_back(record.header);
      });
    }
  }
  /// The process ends and another goes on from what was kept.
  void restart() { fold = CopyFold(0, fold.whole(), fold.resume_after()); }
};

Append batch(ChainState& state, std::uint32_t size) {
  Append append{0, state.next, {}};
  for (std::uint32_t i = 0; i < size; ++i) {
    v1::EventHeader header = testing::next_header(0, state);
    header.set_batch_index(i);
    header.set_batch_size(size);
    append.records.push_back(encode(header, key_deleted("key_" + std::to_string(state.next))));
    EXPECT_EQ(accept(state, header, append.records.back().header), Verdict::kApplied);
  }
  return append;
}

Record opening(ChainState& state) {
  v1::Payload payload;
  payload.mutable_partition_opened()->set_epoch(state.epoch + 1);
  return testing::extend(0, state, payload);
}

TEST(CopyFold, HoldsABatchUntilItIsWhole) {
  ChainState owner;
  Topic topic;
  topic.land(batch(owner, 3));
  Reader reader;
  reader.read(topic, 2);
  EXPECT_TRUE(reader.accepted.empty());
  EXPECT_EQ(reader.fold.resume_after().offset, -1);
  reader.read(topic, 3);
  EXPECT_EQ(reader.accepted.size(), 3u);
  EXPECT_EQ(reader.fold.resume_after(), mark_of(topic.at(2)));
  EXPECT_EQ(reader.fold.whole().last_hash, owner.last_hash);
}

TEST(CopyFold, CountsATornBatchAsVoid) {
  ChainState owner;
  ChainState next_owner;
  Append torn = batch(owner, 3);
  Topic topic;
  topic.land(torn.records[0]);
  topic.land(torn.records[1]);
  topic.land(opening(next_owner));
  topic.land(torn.records[2]);
  Reader reader;
  reader.read(topic, topic.end());
  EXPECT_EQ(reader.accepted.size(), 1u);
  EXPECT_EQ(reader.fold.void_records(), 3u);
  EXPECT_EQ(reader.fold.whole().last_hash, next_owner.last_hash);
}

TEST(CopyFold, TakesNothingThatIsNoEventOfItsPartition) {
  ChainState owner;
  Record damaged = batch(owner, 1).records[0];
  damaged.payload += "x";
  ChainState elsewhere;
  Topic topic;
  topic.land(Record{"", "bytes"});
  topic.land(Record{"no header", "bytes"});
  topic.land(damaged);
  topic.land(testing::make_append(1, elsewhere, 1));
  Reader reader;
  reader.read(topic, topic.end());
  EXPECT_TRUE(reader.accepted.empty());
  EXPECT_EQ(reader.fold.void_records(), 4u);
}

/// Writers that die inside batches, records that land late, and a reader that restarts anywhere: all readers agree.
TEST(CopyFold, EveryReaderAcceptsTheSameWhereverItStopsAndGoesOn) {
  const bool holds = rc::check([] {
    ChainState owner;
    std::vector<std::string> expected;
    std::vector<Record> late;
    Topic topic;
    const auto count = [&expected](const Append& whole) {
      for (const Record& record : whole.records) expected.push_back(record.header);
    };
    for (int step = *rc::gen::inRange(1, 30); step > 0; --step) {
      const int kind = *rc::gen::inRange(0, 4);
      if (kind == 0) {  // the owner dies inside a batch, and the next one opens
        ChainState lost = owner;
        const Append torn = batch(lost, *rc::gen::inRange(2u, 5u));
        const auto landed = *rc::gen::inRange<std::size_t>(0, torn.records.size());
        for (std::size_t i = 0; i < torn.records.size(); ++i) {
          if (i < landed) {
            topic.land(torn.records[i]);
          } else {
            late.push_back(torn.records[i]);
          }
        }
        const Append open{0, owner.next, {opening(owner)}};
        topic.land(open);
        count(open);
      } else if (kind == 1 && !late.empty()) {
        topic.land(late[*rc::gen::inRange<std::size_t>(0, late.size())]);
      } else if (kind == 2) {
        topic.land(Record{"noise", "noise"});
      } else {
        const Append whole = batch(owner, *rc::gen::inRange(1u, 4u));
        topic.land(whole);
        count(whole);
      }
    }
    Reader reader;
    while (reader.fold.last().offset + 1 < topic.end()) {
      reader.read(topic, *rc::gen::inRange(reader.fold.last().offset + 1, topic.end()) + 1);
      if (*rc::gen::arbitrary<bool>() && reader.fold.last().offset + 1 < topic.end()) reader.restart();
    }
    RC_ASSERT(reader.accepted == expected);
    RC_ASSERT(reader.fold.whole().last_hash == owner.last_hash);
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace keyfold::events
