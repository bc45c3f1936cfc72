#include "tests/contract/log_contract.h"

#include <array>
#include <atomic>
#include <limits>
#include <thread>

#include "tests/unit/events/sample_log.h"

namespace keyfold::events::contract {
namespace {

using testing::append_events;
using testing::expected_key_ids;
using testing::make_append;
using testing::read_key_ids;

/// Longer than a test may take: only being woken ends such a wait in time.
constexpr std::int64_t kLongMs = 3'600'000;

TEST_P(LogContract, EmptyLogHasNothing) {
  EXPECT_EQ(log().partitions(), kPartitions);
  for (PartitionId p = 0; p < kPartitions; ++p) {
    const ChainState tail = log().tail(p);
    EXPECT_EQ(tail.next, 0u);
    EXPECT_EQ(tail.epoch, 0u);
    EXPECT_EQ(tail.last_hash, Digest{});
    EXPECT_TRUE(read_key_ids(log(), p).empty());
  }
}

TEST_P(LogContract, WhatWasAppendedIsReadBackInOrder) {
  ASSERT_TRUE(append_events(log(), 1, 5));
  ASSERT_TRUE(append_events(log(), 1, 3));
  EXPECT_EQ(read_key_ids(log(), 1), expected_key_ids(8));
  EXPECT_TRUE(read_key_ids(log(), 0).empty());
  EXPECT_TRUE(read_key_ids(log(), 2).empty());
}

TEST_P(LogContract, BytesAreReadBackUnchanged) {
  ChainState state;
  const Append append = make_append(0, state, 3);
  ASSERT_TRUE(log().append({&append, 1}));
  const auto next = log().read(0, 0, 10, [&](Sequence sequence, RecordView record) {
    EXPECT_EQ(record.header, append.records.at(sequence).header);
    EXPECT_EQ(record.payload, append.records.at(sequence).payload);
    return true;
  });
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, 3u);
}

TEST_P(LogContract, SequencesAreDense) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_events(log(), 2, static_cast<std::size_t>(1 + i % 3)));
  Sequence expected = 0;
  ASSERT_TRUE(log().read(2, 0, 1'000, [&](Sequence sequence, RecordView) { return sequence == expected++; }));
  EXPECT_EQ(expected, log().tail(2).next);
}

TEST_P(LogContract, ReadIsBoundedByItsNumberOfRecords) {
  ASSERT_TRUE(append_events(log(), 0, 10));
  EXPECT_EQ(read_key_ids(log(), 0, 3, 4), (std::vector<std::string>{"key_3", "key_4", "key_5", "key_6"}));
  EXPECT_TRUE(read_key_ids(log(), 0, 3, 0).empty());
  EXPECT_EQ(read_key_ids(log(), 0, 8, std::numeric_limits<std::size_t>::max()).size(), 2u);
  EXPECT_EQ(log().read(0, 3, 4, [](Sequence, RecordView) { return true; }).value(), 7u);
}

TEST_P(LogContract, VisitorEndsAReadEarly) {
  ASSERT_TRUE(append_events(log(), 0, 10));
  int visited = 0;
  EXPECT_EQ(log().read(0, 2, 100, [&](Sequence, RecordView) { return ++visited < 3; }).value(), 5u);
  EXPECT_EQ(visited, 3);
}

TEST_P(LogContract, ReadFromTheEndOrBeyondVisitsNothing) {
  ASSERT_TRUE(append_events(log(), 0, 2));
  for (const Sequence from : {Sequence{2}, Sequence{3}, std::numeric_limits<Sequence>::max()}) {
    EXPECT_EQ(log().read(0, from, 10, [](Sequence, RecordView) { return false; }).value(), from);
  }
}

TEST_P(LogContract, TailFollowsTheLastRecord) {
  ChainState state;
  v1::Payload opened;
  opened.mutable_partition_opened()->set_epoch(7);
  Append append{1, 0, {testing::extend(1, state, opened)}};
  append.records.push_back(testing::extend(1, state, testing::key_deleted("key_1")));
  ASSERT_TRUE(log().append({&append, 1}));
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(log().tail(1).next, 2u);
    EXPECT_EQ(log().tail(1).epoch, 7u);
    EXPECT_EQ(log().tail(1).last_hash, leaf_hash(append.records.back().header));
    reopen();
  }
}

TEST_P(LogContract, WrongFirstSequenceIsRefusedAndNothingIsWritten) {
  ASSERT_TRUE(append_events(log(), 0, 3));
  for (const Sequence first : {Sequence{0}, Sequence{2}, Sequence{4}}) {
    ChainState state = log().tail(0);
    state.next = first;
    const Append append = make_append(0, state, 1);
    const Status status = log().append({&append, 1});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kFailedPrecondition);
  }
  EXPECT_EQ(read_key_ids(log(), 0), expected_key_ids(3));
}

TEST_P(LogContract, UnknownPartitionIsRefused) {
  ChainState state;
  const Append append = make_append(kPartitions, state, 1);
  EXPECT_EQ(log().append({&append, 1}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(log().read(kPartitions, 0, 1, [](Sequence, RecordView) { return true; }).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_P(LogContract, RecordThatDoesNotExtendTheChainIsRefused) {
  ASSERT_TRUE(append_events(log(), 0, 3));
  ChainState fenced = log().tail(0);
  fenced.last_hash.back() ^= 1;
  ChainState elsewhere = log().tail(0);
  ChainState older = log().tail(0);
  older.epoch = 9;
  Append other_partition = make_append(1, elsewhere, 1);
  other_partition.partition = 0;
  for (const Append& append : {make_append(0, fenced, 1), other_partition, make_append(0, older, 1)}) {
    const Status status = log().append({&append, 1});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kFailedPrecondition);
  }
  ASSERT_TRUE(append_events(log(), 0, 1));
  EXPECT_EQ(read_key_ids(log(), 0), expected_key_ids(4));
}

TEST_P(LogContract, SeveralPartitionsAreAppendedTogetherOrRefusedTogether) {
  std::vector<Append> appends;
  for (PartitionId p = 0; p < kPartitions; ++p) {
    ChainState state;
    appends.push_back(make_append(p, state, p + 1));
  }
  const Status status = log().append(appends);
  if (appends_together()) {
    ASSERT_TRUE(status);
  } else {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
  }
  for (PartitionId p = 0; p < kPartitions; ++p) {
    EXPECT_EQ(read_key_ids(log(), p), expected_key_ids(appends_together() ? p + 1 : 0));
  }
}

TEST_P(LogContract, RefusalOfOnePartitionWritesNothingToTheOthers) {
  ChainState good;
  ChainState late;
  late.next = 5;
  const std::vector<Append> appends = {make_append(0, good, 2), make_append(1, late, 1)};
  EXPECT_EQ(log().append(appends).error().code,
            appends_together() ? ErrorCode::kFailedPrecondition : ErrorCode::kInvalidArgument);
  EXPECT_EQ(log().tail(0).next, 0u);
  reopen();
  EXPECT_TRUE(read_key_ids(log(), 0).empty());
}

TEST_P(LogContract, EmptyAppendSucceeds) {
  const Append none{1, 0, {}};
  EXPECT_TRUE(log().append({}));
  EXPECT_TRUE(log().append({&none, 1}));
  EXPECT_EQ(log().tail(1).next, 0u);
}

TEST_P(LogContract, ReopeningKeepsEverything) {
  for (std::size_t round = 1; round <= 3; ++round) {
    for (PartitionId p = 0; p < kPartitions; ++p) ASSERT_TRUE(append_events(log(), p, p + 1));
    std::vector<ChainState> tails;
    for (PartitionId p = 0; p < kPartitions; ++p) tails.push_back(log().tail(p));
    reopen();
    for (PartitionId p = 0; p < kPartitions; ++p) {
      EXPECT_EQ(read_key_ids(log(), p), expected_key_ids(round * (p + 1)));
      EXPECT_EQ(log().tail(p).last_hash, tails[p].last_hash);
    }
  }
}

TEST_P(LogContract, WaitReturnsAtOnceForWhatIsThere) {
  ASSERT_TRUE(append_events(log(), 0, 2));
  EXPECT_TRUE(log().wait(0, 1, 0));
  EXPECT_TRUE(log().wait(0, 0, kLongMs));
  EXPECT_FALSE(log().wait(0, 2, 0));
  EXPECT_FALSE(log().wait(0, 2, 1));
  EXPECT_FALSE(log().wait(0, 2, -5));
}

TEST_P(LogContract, WaitIsWokenByAnAppend) {
  std::atomic<bool> woken = false;
  std::thread waiter([&] { woken = log().wait(1, 2, kLongMs); });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append_events(log(), 1, 1));
  waiter.join();
  EXPECT_TRUE(woken);
}

TEST_P(LogContract, ReadersBesideAnAppendSeeAnExactPrefixThatOnlyGrows) {
  constexpr std::size_t kEvents = 400;
  std::atomic<bool> done = false;
  std::array<bool, 2> good{};
  std::vector<std::thread> readers;
  readers.reserve(good.size());
  for (bool& ok : good) {
    readers.emplace_back([&] {
      std::size_t seen = 0;
      ok = true;
      for (bool last = false; !last && ok;) {
        last = done;
        const Sequence tail = log().tail(0).next;
        const std::vector<std::string> ids = read_key_ids(log(), 0);
        ok = ids.size() >= seen && ids.size() >= tail && ids == expected_key_ids(ids.size());
        seen = ids.size();
      }
      ok = ok && seen == kEvents;
    });
  }
  bool appended = true;
  for (std::size_t i = 0; i < kEvents && appended; i += 4) appended = append_events(log(), 0, 4).has_value();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_TRUE(appended);
  EXPECT_TRUE(good[0]);
  EXPECT_TRUE(good[1]);
}

TEST_P(LogContract, RecordsOfAMebibyteAreKept) {
  const std::string padding(1u << 20, 'x');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(append_events(log(), 0, 1, padding));
  EXPECT_EQ(read_key_ids(log(), 0), expected_key_ids(4, padding));
  reopen();
  EXPECT_EQ(read_key_ids(log(), 0), expected_key_ids(4, padding));
}

TEST_P(LogContract, TenThousandRecordsAreKept) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(append_events(log(), 2, 1'000));
  EXPECT_EQ(read_key_ids(log(), 2), expected_key_ids(10'000));
  reopen();
  EXPECT_EQ(read_key_ids(log(), 2), expected_key_ids(10'000));
  EXPECT_EQ(read_key_ids(log(), 2, 9'999), (std::vector<std::string>{"key_9999"}));
}

}  // namespace
}  // namespace keyfold::events::contract
